// Holds the JSON Schema of the agent's file, by another program's reading of it, to what the program itself takes and refuses; and the README's example to both.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { captureIo, runCli } from '../support/cli.ts';

let folder: string;
let validate: (value: unknown) => boolean;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-'));
  const { out } = await runCli(['config', 'schema', '--agent']);
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  validate = ajv.compile(JSON.parse(out) as object);
});
afterAll(() => rm(folder, { recursive: true }));

const README = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8')
  .split('```')
  .find((block) => block.startsWith('yaml\n# agent.yml\n'))
  ?.slice('yaml\n'.length);

async function taken(text: string): Promise<boolean> {
  const file = join(folder, 'agent.yml');
  await writeFile(file, text);
  await writeFile(join(folder, 'sign.yaml'), 'target: https://kms.example/\n');
  await writeFile(join(folder, 'token'), 'secret\n');
  const io = captureIo({ env: { TOKEN: 'a', PW: 'b' } });
  return (await runCli(['serve', '--config', file, '--check'], io)).exit === 0;
}

test.each<[what: string, text: string | undefined, good: boolean]>([
  ['the example of the README', README, true],
  ['a name', 'targets: [kms.example]', true],
  ['places alone', "discover: { files: ['lists/*.json'], http: ['http://127.0.0.1/'] }", true],
  ['an unknown key', 'targets: [kms.example]\ntarget: a', false],
  ['an unknown key of a target', 'targets: [{ target: kms.example, sample: 3 }]', false],
  ['an unknown key of the defaults', 'targets: [kms.example]\ndefaults: { sample: 3 }', false],
  ['an unknown key of a place', "discover: { http: [{ url: 'http://127.0.0.1/', header: {} }] }", false],
  ['a place without its URL', 'discover: { http: [{ headers: {} }] }', false],
  ['another type of records', 'discover: { dns: [{ names: [kms.example], type: MX }] }', false],
  ['a bound that is none', 'targets: [kms.example]\ndiscover: { most: 0 }', false],
  ['a word for a number', 'targets: [kms.example]\nschedule: { concurrency: many }', false],
])('%s', async (_, text = '', good) => {
  expect(text).not.toBe('');
  expect(validate(parse(text))).toBe(good);
  expect(await taken(text)).toBe(good);
});
