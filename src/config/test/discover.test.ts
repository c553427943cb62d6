// Holds the key `discover`: what its places come to, the line of each mistake, which meta labels become labels, and the bounds on what a place may name.
import { describe, expect, test } from 'vitest';
import { TooMuch, UsageError } from '../../model/usage-error.ts';
import { readAgentFile } from '../agent/agent-file.ts';
import { readDiscovered } from '../agent/discovered.ts';
import { maskedConfig } from '../agent/masked.ts';

const CANARY = 'canary-77aa';
const FILE = '/etc/outrider/agent.yml';
const files = new Map([['/etc/outrider/token', `${CANARY}-1\n`]]);
const readBytes = (path: string): Promise<Uint8Array> =>
  files.has(path)
    ? Promise.resolve(Buffer.from(files.get(path) ?? ''))
    : Promise.reject(new UsageError(`cannot read ${path}`));
const read = (text: string) =>
  readAgentFile(text, FILE, { probes: [], env: { PW: `${CANARY}-pw`, BAD: 'a\nb' }, readBytes });
const errorOf = async (asked: Promise<unknown>): Promise<UsageError> => {
  const error: unknown = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UsageError);
  return error as UsageError;
};

test('files, URLs and names of DNS, each as it is to be asked', async () => {
  const { discover } = await read(`
discover:
  refresh: 5s
  most: 12
  keep: { srv: __meta_dns_srv_record_target }
  files: [lists/*.json, /srv/one.yml]
  http:
    - http://127.0.0.1/a
    - url: https://inventory.example/b?team=kms
      headers: { X-Scope: '\${PW}' }
      auth: { bearer: { file: token } }
      caFile: ca.pem
      refresh: 1m
  dns:
    - { names: [_https._tcp.kms.example, _b._tcp.kms.example], resolvers: ['192.0.2.53#5353'] }
    - { names: [kms.example], type: AAAA, port: 8443, scheme: https, path: /health, refresh: 30s }
`);
  expect(discover.files).toEqual([
    { pattern: '/etc/outrider/lists/*.json', refreshMs: 5000 },
    { pattern: '/srv/one.yml', refreshMs: 5000 },
  ]);
  expect(discover.http).toMatchObject([
    { url: 'http://127.0.0.1/a', caFile: null, refreshMs: 5000 },
    { url: 'https://inventory.example/b?team=kms', caFile: '/etc/outrider/ca.pem', refreshMs: 60_000 },
  ]);
  expect(discover.dns).toMatchObject([
    { name: '_https._tcp.kms.example', type: 'SRV', port: null, scheme: null, path: '', resolvers: [{ port: 5353 }] },
    { name: '_b._tcp.kms.example', refreshMs: 5000 },
    {
      name: 'kms.example',
      type: 'AAAA',
      port: 8443,
      scheme: 'https',
      path: '/health',
      resolvers: null,
      refreshMs: 30_000,
    },
  ]);
  expect({ most: discover.most, keep: discover.keep }).toEqual({
    most: 12,
    keep: { srv: '__meta_dns_srv_record_target' },
  });
});

test('a token in a file is read anew each time, and printed nowhere', async () => {
  const { discover } = await read(
    "discover: { http: [{ url: 'http://127.0.0.1/', auth: { bearer: { file: token } } }] }",
  );
  const tokenNow = async () => {
    const shown = await discover.http[0]?.shown();
    expect(JSON.stringify(shown)).not.toContain(CANARY);
    return shown?.credentials?.scheme === 'bearer' ? shown.credentials.token.open() : null;
  };
  expect(await tokenNow()).toBe(`${CANARY}-1`);
  files.set('/etc/outrider/token', `${CANARY}-2\n`);
  expect(await tokenNow()).toBe(`${CANARY}-2`);
  files.delete('/etc/outrider/token');
  expect((await errorOf(discover.http[0]?.shown() ?? Promise.resolve())).message).toContain('agent.yml:1');
  files.set('/etc/outrider/token', `${CANARY}-1\n`);
});

describe('mistakes are told with their line', () => {
  test.each([
    ['a pattern in a folder', 'files: [a/*/b.json]', 'agent.yml:2: discover.files.0: * may stand in the last part'],
    ['a pattern of any file', "files: ['a/*']", 'agent.yml:2: discover.files.0: * may stand in the last part'],
    ['a look at all too often', 'refresh: 999ms', 'agent.yml:2: refresh: 999ms is too often'],
    [
      'a look at a URL too often',
      "http: [{ url: 'http://a/', refresh: 1ms }]",
      'agent.yml:2: refresh: 1ms is too often',
    ],
    ['a question too often', 'dns: [{ names: [a.example], refresh: 0.5s }]', 'agent.yml:2: refresh: 0.5s is too often'],
    ['a number of places', 'http: 7', 'agent.yml:2: discover.http'],
    ['no URL', 'http: [{ url: nowhere }]', 'agent.yml:2: url: not an http or https URL'],
    [
      'credentials in the URL',
      `http: ['http://a:${CANARY}@b.example/']`,
      'agent.yml:2: url: credentials are written under auth',
    ],
    ['a mistyped key', "http: [{ url: 'http://a/', header: {} }]", 'agent.yml:2: no key is called "header"'],
    [
      'a password in the file',
      `http: [{ url: 'http://a/', auth: { basic: { user: a, password: ${CANARY} } } }]`,
      'auth.basic.password: a secret is not written',
    ],
    [
      'two ways',
      "http: [{ url: 'http://a/', auth: { basic: { user: a, password: '${PW}' }, bearer: '${PW}' } }]",
      'auth: give one of basic, bearer',
    ],
    ['none', "http: [{ url: 'http://a/', auth: {} }]", 'auth: give one of basic, bearer'],
    [
      'the same twice',
      "http: [{ url: 'http://a/', headers: { Authorization: a }, auth: { bearer: '${PW}' } }]",
      'agent.yml:2: auth and a header Authorization',
    ],
    ['no header name', "http: [{ url: 'http://a/', headers: { 'a b': c } }]", 'agent.yml:2: headers'],
    [
      'no header value',
      "http: [{ url: 'http://a/', headers: { a: '${BAD}' } }]",
      'agent.yml:2: the value holds a sign',
    ],
    ['no token', "http: [{ url: 'http://a/', auth: { bearer: '${BAD}' } }]", 'agent.yml:2: the token of bearer'],
    [
      'a variable that is not there',
      "http: [{ url: 'http://a/', auth: { bearer: '${GONE}' } }]",
      'agent.yml:2: the environment has no variable GONE',
    ],
    [
      'a file that is not there',
      "http: [{ url: 'http://a/', auth: { bearer: { file: gone } } }]",
      'agent.yml:2: cannot read /etc/outrider/gone',
    ],
    ['no name', "dns: [{ names: ['a b'] }]", 'agent.yml:2: discover.dns.0.names.0: not a name of DNS'],
    ['no names', 'dns: [{ names: [] }]', 'agent.yml:2: discover.dns.0.names'],
    ['another type', 'dns: [{ names: [a.example], type: MX }]', 'agent.yml:2: discover.dns.0.type'],
    [
      'a port beside SRV',
      'dns: [{ names: [a.example], port: 443 }]',
      'agent.yml:2: discover.dns.0.port: SRV records tell',
    ],
    [
      'addresses without',
      'dns: [{ names: [a.example], type: A }]',
      'agent.yml:2: discover.dns.0: addresses want a port',
    ],
    [
      'a query',
      "dns: [{ names: [a.example], path: '/?a=b' }]",
      'agent.yml:2: discover.dns.0.path: a path begins with /',
    ],
    [
      'no resolver',
      'dns: [{ names: [a.example], resolvers: [here] }]',
      'agent.yml:2: "here" is not a resolver address',
    ],
    ['what keeps no meta label', 'keep: { a: b }', 'agent.yml:2: discover.keep: write LABEL'],
    ['a label of the metrics', 'keep: { zone: __meta_a }', 'agent.yml:2: discover.keep.zone: the metrics have a label'],
    ['too many', 'most: 50001', 'agent.yml:2: discover.most'],
  ])('%s', async (_, text, says) => {
    const { message } = await errorOf(read(`discover:\n  ${text}\ntargets: [a.example]\n`));
    expect(message).toContain(says);
    expect(message).not.toContain(CANARY);
  });
});

test('the config is shown without what opens the places', async () => {
  const shown = await maskedConfig(
    `discover: { http: [{ url: 'https://a.example/?t=${CANARY}', headers: { X: ${CANARY} }, auth: { basic: { user: ${CANARY}, password: '\${PW}' } } }] }`,
    'agent.yml',
  );
  expect(shown).not.toContain(CANARY);
  expect(shown).toContain('password: ${PW}');
});

describe('what a place names', () => {
  const named = (value: unknown, given: Partial<Parameters<typeof readDiscovered>[2]> = {}) =>
    readDiscovered(typeof value === 'string' ? value : JSON.stringify(value), 'list.json', {
      ...{ most: 50_000, keep: {}, meta: {} },
      ...given,
    });
  const group = (count: number, labels = {}) => ({
    targets: Array.from({ length: count }, (_, at) => `h${at}.example`),
    labels,
  });

  test('keeps the meta labels that are named, and no other', async () => {
    const keep = { srv: '__meta_dns_srv_record_target', from: '__meta_url', none: '__meta_none' };
    const found = await named(
      [{ targets: ['a'], labels: { __meta_dns_srv_record_target: 'h.example', __meta_b: 'b', env: 'prod' } }],
      { keep, meta: { __meta_url: 'http://x/' } },
    );
    expect(found.map(({ labels }) => labels)).toEqual([{ env: 'prod', srv: 'h.example', from: 'http://x/' }]);
  });

  test.each<[what: string, value: unknown, says: string, given?: object]>([
    ['a million targets in one group', [group(1_000_000)], '1000000 targets in 1 groups are more than the 50000'],
    ['in twenty groups', Array.from({ length: 20 }, () => group(5000)), '100000 targets in 20 groups'],
    ['empty groups', Array.from({ length: 100_000 }, () => ({ targets: [] })), '0 targets in 100000 groups'],
    ['more than the file permits', [group(11)], '11 targets in 1 groups are more than the 10', { most: 10 }],
  ])('is refused before it is looked at: %s', async (_, value, says, given = {}) => {
    const error = await errorOf(named(value, given));
    expect(error).toBeInstanceOf(TooMuch);
    expect(error.message).toContain(says);
  });

  test.each<[what: string, value: unknown, says: string]>([
    [
      'a label of a megabyte',
      [group(1, { a: 'x'.repeat(1_000_000) })],
      'list.json: a: a label value of more than 200 letters',
    ],
    ['a target of a megabyte', [{ targets: ['x'.repeat(1_000_000)] }], 'list.json: 0.targets.0: a target of more than'],
    ['a label name of a megabyte', [group(1, { ['x'.repeat(1_000_000)]: 'a' })], 'not a label name'],
    [
      'a label of 201 letters',
      [group(1, { a: 'x'.repeat(201) })],
      'list.json:1: a: a label value of more than 200 letters',
    ],
    [
      '33 labels',
      [group(1, Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`l${at}`, 'a'])))],
      'more than 32 labels',
    ],
    [
      'a group that multiplies its labels',
      [group(50_000, Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`l${at}`, 'x'.repeat(190)])))],
      'the labels of all targets together',
    ],
    ['megabytes of YAML', `- targets: [a]\n${'# x\n'.repeat(600_000)}`, 'letters that are no JSON'],
    ['megabytes of broken JSON', `[${'{"targets":["a"]},'.repeat(200_000)}`, 'letters that are no JSON'],
  ])('%s is refused, in few words', async (_, value, says) => {
    const { message } = await errorOf(named(value));
    expect(message).toContain(says);
    expect(message.length).toBeLessThan(500);
  });

  test('as many as may be are taken', async () => {
    expect(await named([group(50_000)])).toHaveLength(50_000);
  });
});
