// What a journey file changes of a ride, joined with the words of the command line; and that no way out shows its secrets.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureIo, runCli } from '../support/cli.ts';

const CANARY = 'canary-41d9';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journey-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(text: string): Promise<string> {
  const path = join(folder, 'journey.yaml');
  await writeFile(path, text);
  return path;
}

const FILE = `target: https://kms.example:8443/v1
samples: 3
connect: [192.0.2.7]
request:
  method: HEAD
  headers: { Authorization: 'Bearer \${TOKEN}' }
`;
const io = () => captureIo({ env: { TOKEN: CANARY } });

test.each([
  ['alone', [], '3 x HEAD https://kms.example:8443/v1 to 192.0.2.7:8443'],
  ['with an option beside it, which goes before', ['-n', '2'], '2 x HEAD https://kms.example:8443/v1'],
  ['with a default typed out', ['-X', 'GET'], '3 x GET https://kms.example:8443/v1'],
  ['with a target beside it', ['http://other.example/'], '3 x HEAD http://other.example/ to 192.0.2.7:80'],
])('%s', async (_how, args, expected) => {
  const ran = await runCli([...args, '--journey', await fileOf(FILE), '--plan'], io());
  expect(ran).toMatchObject({ exit: 0, err: '' });
  expect(ran.out).toContain(expected);
  expect(ran.out).not.toContain(CANARY);
});

test('a good file is said to be good, and a bad one to be bad at a line, without sending anything', async () => {
  expect(await runCli(['config', 'check', await fileOf(FILE)], io())).toMatchObject({ exit: 0, err: '' });
  expect(await runCli(['config', 'check', await fileOf('samples: 3\n')], io())).toMatchObject({ exit: 0, err: '' });
  const bad = await runCli(['config', 'check', await fileOf(`${FILE}smaples: 3\n`)], io());
  expect(bad).toMatchObject({ exit: 64, out: '' });
  expect(bad.err).toMatch(/journey\.yaml:7: no key is called "smaples"\n {2}did you mean "samples"\?/);
  const unset = await runCli(['config', 'check', await fileOf(FILE)], captureIo());
  expect(unset.err).toContain('journey.yaml:6: the environment has no variable TOKEN');
  const unusable = await runCli(['config', 'check', await fileOf('connect: [nowhere]\n')], io());
  expect(unusable).toMatchObject({ exit: 64, out: '' });
});

test('the schema is printed', async () => {
  const { exit, out } = await runCli(['config', 'schema']);
  expect(exit).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false });
});
