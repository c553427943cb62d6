// The document of `probe certs` against its published schema, and `--explain` from it, end to end in the embedded world.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../src/demo/pki/authority.ts';
import type { CertsReport } from '../../src/model/certs.ts';
import { runCli } from '../support/cli.ts';

let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  bundle = join(folder, 'bundle.pem');
  const { intermediateCertificate, rootCertificate } = createAuthority('Files', Date.now());
  await writeFile(bundle, intermediateCertificate.pem + rootCertificate.pem);
});
afterAll(() => rm(folder, { recursive: true }));

const certs = (...args: readonly string[]) => runCli(['demo', 'certs', ...args]);

test.each([[[]], [['--explain']]])('the document with %j is what its schema says', async (more) => {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  const schema = JSON.parse(await readFile('schema/certs-1.json', 'utf8')) as object;
  const validate = ajv.compile(schema);
  const missing = join(folder, 'missing.pem');
  const { out } = await certs(
    'kms.example',
    'nope.example',
    '--file',
    bundle,
    '--file',
    missing,
    '-f',
    'json',
    ...more,
  );
  const report = JSON.parse(out) as CertsReport;
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  expect(report.places.map(({ kind, state }) => `${kind} ${state}`)).toEqual(
    expect.arrayContaining(['endpoint read', 'endpoint failed', 'file read', 'file failed']),
  );
  const explained = report.places.filter(({ verdict }) => verdict !== undefined);
  expect(explained.length).toBe(more.length === 0 ? 0 : 4);
  const named = explained.flatMap(({ verdict }) => verdict?.paths.flatMap((path) => path.certificates) ?? []);
  for (const fingerprint of named) expect(report.certificates[fingerprint]).toBeDefined();
  expect(validate({ ...report, places: [{ id: 'x' }] })).toBe(false);
});

test('--explain draws the way to the root that was not sent, and what a file lacks', async () => {
  const { out, exit } = await certs('kms.example', '--file', bundle, '--explain', '--fail-on', 'critical');
  expect(exit).toBe(2);
  expect(out).toMatch(/TRUSTED {2}One way to a trusted root; it holds until \d{4}-\d\d-\d\d, when/);
  expect(out).toMatch(/ {3}└─ CN=Example KMS Root.* no {2}/);
  expect(out).toMatch(/REFUSED {2}No way to a trusted root holds\./);
  expect(out).toContain('✗ The certificate is a root that is not among the trusted ones');
});
