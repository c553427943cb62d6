// Owns the tests of journey files: what they come to, and the line and remedy of each mistake. Secrets never stand in a message.
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../model/secret.ts';
import { UsageError } from '../../model/usage-error.ts';
import { journeyFileSchema, readJourneyFile } from '../journey/journey.ts';

const CANARY = 'canary-7fc1';
const sources = {
  probes: [],
  env: { TOKEN: `${CANARY}-env`, QUOTED: `${CANARY} "quoted"\\` },
  readBytes: (path: string): Promise<Uint8Array> =>
    path === '/etc/journeys/key'
      ? Promise.resolve(Buffer.from(`${CANARY}-file\n`))
      : Promise.reject(new UsageError(`cannot read ${path}`)),
};
const read = (text: string) => readJourneyFile(text, '/etc/journeys/kms.yaml', sources);

test('a whole file comes to a target, options, and a request', async () => {
  const file = await read(`
target: https://kms.example/
samples: 5
rate: 2.5
timeout: 2s
family: 4
zones: { a: [192.0.2.1, 192.0.2.2] }
caFile: roots.pem
only: [dns, tls]
request:
  method: POST
  headers:
    Authorization: Bearer \${TOKEN}
    X-Key: { file: key }
    X-Plain: 'costs $\${5}'
  json: { key: '\${QUOTED}', n: 1, list: [true, null] }
`);
  const options = {
    samples: '5',
    rate: '2.5',
    timeout: '2s',
    4: true,
    zone: ['a=192.0.2.1,192.0.2.2'],
    only: 'dns,tls',
  };
  expect(file).toMatchObject({
    target: 'https://kms.example/',
    options: { ...options, caFile: '/etc/journeys/roots.pem' },
  });
  const headers = Object.fromEntries(file.request?.headers ?? []);
  const opened = Object.entries(headers).map(([name, value]) => [name, value.open()]);
  expect(opened).toEqual([
    ['content-type', 'application/json'],
    ['Authorization', `Bearer ${CANARY}-env`],
    ['X-Key', `${CANARY}-file`],
    ['X-Plain', 'costs ${5}'],
  ]);
  expect(headers['X-Key']).toBeInstanceOf(Secret);
  const sent = JSON.parse(Buffer.from(file.request?.body ?? []).toString()) as unknown;
  expect(sent).toEqual({ key: `${CANARY} "quoted"\\`, n: 1, list: [true, null] });
  expect(`${JSON.stringify(file.request?.headers)} ${inspect(file.request?.headers, { depth: 9 })}`).not.toContain(
    CANARY,
  );
});

const mistakes: readonly (readonly [string, string, RegExp, RegExp?])[] = [
  [
    'a key that nobody knows',
    'target: a.example\nsampels: 5',
    /kms\.yaml:2: no key is called "sampels"$/,
    /did you mean "samples"/,
  ],
  [
    'a value of the wrong kind',
    'target: a.example\n\nsamples: many',
    /kms\.yaml:3: samples: invalid input: expected (int|number)/,
  ],
  ['a number out of bounds', 'samples: 0', /kms\.yaml:1: samples: too small/],
  ['no duration', 'timeout: fast', /kms\.yaml:1: timeout: write a number and a unit/],
  ['a key deeper down', 'request:\n  headers: {}\n  methd: GET', /kms\.yaml:3: request: no key is called "methd"/],
  ['a header name that is none', 'request:\n  headers:\n    "a b": c', /kms\.yaml:3: request\.headers\.a b: /],
  [
    'a number where text is wanted',
    'request:\n  headers:\n    x: 5',
    /kms\.yaml:3: request\.headers\.x: a text is wanted here/,
  ],
  ['two bodies', 'request:\n  body: a\n  json: {}', /kms\.yaml:1: request: give one of body, json/],
  [
    'a variable that is not set',
    'request:\n  headers:\n    x: ${NO_SUCH}',
    /kms\.yaml:3: the environment has no variable NO_SUCH/,
    /export NO_SUCH/,
  ],
  ['a variable without a name', 'request: { body: "${}" }', /kms\.yaml:1: "\$\{\}" names no variable/],
  [
    'a secret file that is not there',
    'request:\n  body: { file: gone }',
    /kms\.yaml:2: cannot read \/etc\/journeys\/gone/,
  ],
  [
    'a secret where none may stand',
    'target: https://${TOKEN}.example',
    /kms\.yaml:1: target: invalid input: expected string/,
  ],
  ['no YAML', 'a: [1', /kms\.yaml:\d: /],
  ['no mapping', '- a', /kms\.yaml: a journey file is a mapping/],
  ['an empty file', '', /kms\.yaml: a journey file is a mapping/],
];
describe('a mistake is told with its line', () => {
  test.for(mistakes)('%s', async ([, text, message, remedy = /.*/]) => {
    const failure: unknown = await read(text).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    const { message: said, remedy: todo } = failure as UsageError;
    expect(said).toMatch(message);
    expect(todo ?? '').toMatch(remedy);
    expect(`${said} ${todo}`).not.toContain(CANARY);
  });
});

test('there is a JSON Schema of it', async () => {
  const schema = (await journeyFileSchema([])) as { readonly properties: object };
  expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['target', 'request', 'samples']));
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
});
