// Files and folders as people have them: certbot's links, a kubelet's volume, manifests, kubeconfig; and what is said of their time.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { visible } from '../../../model/text.ts';
import { findFiles } from '../find.ts';
import { judgeFile } from '../judge-file.ts';
import { type ReadFileOptions, readCertificateFile } from '../read-file.ts';

const FIXTURES = resolve(import.meta.dirname, '../../../x509/stores/test/fixtures');
const DAY_MS = 86_400_000;
const words = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');
const options: ReadFileOptions = {
  passwords: [],
  isFound: false,
  asOfMs: Date.parse('2026-12-01T00:00:00Z'),
  explainBy: null,
  describe: words,
};

let folder: string;
let leaf: string;
let root: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  leaf = await readFile(join(FIXTURES, 'ec.pem'), 'utf8');
  root = await readFile(join(FIXTURES, 'ca.pem'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const indented = (text: string): string => text.trimEnd().replaceAll('\n', '\n    ');

const manifests: readonly (readonly [string, () => string, places: readonly string[], failures: RegExp])[] = [
  [
    'a Secret of type kubernetes.io/tls',
    () =>
      `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {name: web, namespace: shop}\ndata:\n  tls.crt: ${base64(leaf + root)}\n  tls.key: ${base64('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')}\n`,
    ['shop/web tls.crt'],
    /^$/,
  ],
  [
    'several documents, one of them plain',
    () =>
      `kind: Deployment\napiVersion: apps/v1\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  ca.crt: |\n    ${indented(root)}\n`,
    ['a ca.crt'],
    /^$/,
  ],
  [
    'a List in JSON',
    () =>
      JSON.stringify(
        {
          apiVersion: 'v1',
          kind: 'List',
          items: [{ kind: 'ConfigMap', metadata: { name: 'roots' }, data: { 'ca.pem': root } }],
        },
        null,
        1,
      ),
    ['roots ca.pem'],
    /^$/,
  ],
  [
    'a tls.crt without a certificate',
    () => `apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata: {tls.crt: ${base64('none')}}\n`,
    [],
    /tls\.crt holds no certificate/,
  ],
  [
    'a kubeconfig',
    () =>
      `apiVersion: v1\nkind: Config\nclusters:\n- name: prod\n  cluster: {certificate-authority-data: ${base64(root)}}\nusers:\n- name: admin\n  user: {client-certificate-data: ${base64(leaf)}, token: secret}\n`,
    ['cluster prod', 'user admin'],
    /^$/,
  ],
  ['YAML that is broken', () => 'apiVersion: v1\nkind: Secret\n  data: [\n', [], /YAML that cannot be read/],
  [
    'aliases that multiply',
    () => `apiVersion: v1\nkind: Secret\na: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n`,
    [],
    /multiply/,
  ],
];

describe('readCertificateFile', () => {
  test.each(manifests)('%s', async (_, text, names, failures) => {
    const path = join(folder, 'manifest.yaml');
    await writeFile(path, text());
    const { places, certificates } = await readCertificateFile(path, options);
    const read = places.filter(({ state }) => state === 'read');
    expect(read.map(({ entry }) => (entry === null ? null : visible(entry)))).toEqual(names);
    for (const { chain } of read) for (const fingerprint of chain) expect(certificates).toHaveProperty(fingerprint);
    expect(places.flatMap(({ because }) => because ?? []).join('; ')).toMatch(failures);
  });

  test('a kubeconfig leads to files beside it', async () => {
    await writeFile(join(folder, 'ca.crt'), root);
    const path = join(folder, 'config');
    await writeFile(
      path,
      'apiVersion: v1\nkind: Config\nclusters:\n- name: prod\n  cluster: {certificate-authority: ca.crt}\n',
    );
    const { places } = await readCertificateFile(path, options);
    expect(places).toMatchObject([{ path: join(folder, 'ca.crt'), state: 'read', format: 'pem' }]);
  });

  test('what is no certificate file is passed over in a folder, and told when it was named', async () => {
    const path = join(folder, 'readme.txt');
    await writeFile(path, 'hello');
    expect((await readCertificateFile(path, { ...options, isFound: true })).places).toEqual([]);
    expect((await readCertificateFile(path, options)).places).toMatchObject([
      { state: 'failed', because: /neither PEM/ },
    ]);
    expect((await readCertificateFile(folder, options)).places).toMatchObject([{ because: 'no regular file' }]);
    expect((await readCertificateFile(join(folder, 'gone'), options)).places).toMatchObject([{ because: 'ENOENT' }]);
  });
});

test('findFiles follows links, takes each file once, and ends in a loop', async () => {
  const tree = join(folder, 'tree');
  await mkdir(join(tree, 'archive'), { recursive: true });
  await mkdir(join(tree, 'live'));
  await mkdir(join(tree, 'volume', '..2026_11_21'), { recursive: true });
  await writeFile(join(tree, 'archive', 'cert1.pem'), leaf);
  await writeFile(join(tree, 'volume', '..2026_11_21', 'tls.crt'), leaf);
  await symlink('../archive/cert1.pem', join(tree, 'live', 'cert.pem'));
  await symlink('..2026_11_21', join(tree, 'volume', '..data'));
  await symlink('..data/tls.crt', join(tree, 'volume', 'tls.crt'));
  await symlink('..', join(tree, 'live', 'loop'));
  await symlink('nowhere', join(tree, 'dangling'));
  const { paths, faults } = await findFiles(tree, words);
  expect(paths.map((path) => path.slice(tree.length))).toEqual(['/archive/cert1.pem', '/volume/tls.crt']);
  expect(faults).toEqual([]);
  expect((await findFiles(join(tree, 'gone'), words)).faults).toMatchObject([{ because: 'ENOENT' }]);
});

describe('judgeFile', () => {
  const context = (asOfMs: number) => ({ thresholds: { warnDays: 30, criticalDays: 7 }, severities: {}, asOfMs });

  test.each([
    ['31 days left', -31, []],
    ['29 days left', -29, ['warning certificate-expiry']],
    ['6 days left', -6, ['critical certificate-expiry']],
    ['a day after its end', 1, ['critical certificate-expiry']],
  ] as const)('a leaf with %s', async (_, days, expected) => {
    const path = join(folder, 'leaf.pem');
    await writeFile(path, leaf);
    const read = await readCertificateFile(path, options);
    const [certificate] = Object.values(read.certificates);
    const problems = judgeFile(read, context(Date.parse(certificate?.notAfter ?? '') + days * DAY_MS));
    expect(problems.map(({ id, severity }) => `${severity} ${id}`)).toEqual(expected);
  });

  test.each([
    [90, 20, ['warning renewal-overdue']],
    [90, 29, []],
    [90, 14, ['warning certificate-expiry']],
    [365, 90, []],
  ])('a leaf of %d days with %d left', async (life, left, expected) => {
    const path = join(folder, 'renewed.pem');
    await writeFile(path, leaf);
    const read = await readCertificateFile(path, options);
    const [[fingerprint, certificate] = []] = Object.entries(read.certificates);
    if (fingerprint === undefined || certificate?.notAfter == null) throw new Error('no certificate in the fixture');
    const endMs = Date.parse(certificate.notAfter);
    const lived = { ...certificate, notBefore: new Date(endMs - life * DAY_MS).toISOString(), lifetimeDays: life };
    const problems = judgeFile({ ...read, certificates: { [fingerprint]: lived } }, context(endMs - left * DAY_MS));
    expect(problems.map(({ id, severity }) => `${severity} ${id}`)).toEqual(expected);
  });

  test('one of many authorities that ends is a notice, one of a few is not', async () => {
    const path = join(folder, 'roots.pem');
    const severitiesOf = async (copies: number): Promise<ReadonlySet<string>> => {
      await writeFile(path, root.repeat(copies));
      const read = await readCertificateFile(path, options);
      const [certificate] = Object.values(read.certificates);
      const asOfMs = Date.parse(certificate?.notAfter ?? '') + DAY_MS;
      return new Set(judgeFile(read, context(asOfMs)).map(({ severity }) => severity));
    };
    expect(await severitiesOf(1)).toEqual(new Set(['critical']));
    expect(await severitiesOf(21)).toEqual(new Set(['notice']));
  });

  test('what cannot be read is not well', async () => {
    const read = await readCertificateFile(join(folder, 'gone'), options);
    expect(judgeFile(read, context(0))).toMatchObject([{ id: 'unreadable', severity: 'unknown' }]);
  });
});
