// What the caller got wrong is said before the first packet, also what only the wire's own libraries can tell; and nothing
// is left behind: no open gather, no empty file.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../src/net/dns/test/servers.ts';
import { runCli } from '../support/cli.ts';

let resolver: TestServer;
let folder: string;
let brokenRoots: string;
let brokenKey: string;
beforeAll(async () => {
  resolver = await startServer(() => null);
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  brokenRoots = join(folder, 'roots.pem');
  brokenKey = join(folder, 'key.pem');
  await writeFile(brokenRoots, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  await writeFile(brokenKey, 'no key');
});
afterAll(async () => {
  await resolver[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const mistakes: readonly (readonly [string, () => readonly string[]])[] = [
  ['roots that are none', () => ['--ca-file', brokenRoots]],
  ['a key that is none', () => ['--client-cert', brokenRoots, '--client-key', brokenKey]],
  ['a header of the connection', () => ['-H', 'Content-Length: 3']],
  ['a user agent of two lines', () => ['--user-agent', 'a\r\nX: y']],
  ['HTTP/2 over plain http', () => ['http://kms.example', '--http', '2']],
  ['a threshold that could not warn', () => ['--warn', '1d']],
];

test.each(mistakes)('%s: nobody is asked, no file is left, an older one is kept', async (_, options) => {
  const { address, port } = resolver.server;
  const [fresh, old] = [join(folder, 'fresh.txt'), join(folder, 'old.txt')];
  await writeFile(old, 'the report of yesterday');
  const given = options();
  const target = given[0]?.startsWith('http') === true ? [] : ['kms.example'];
  for (const file of [fresh, old]) {
    const args = [...target, ...given, '--resolver', `${address}#${port}`, '--timeout', '200ms', '-o', file];
    const { exit, out, err } = await runCli(args);
    expect({ exit, out }, err).toEqual({ exit: 64, out: '' });
  }
  expect(resolver.asked).toEqual([]);
  expect(existsSync(fresh)).toBe(false);
  expect(readFileSync(old, 'utf8')).toBe('the report of yesterday');
});

test('the same command without a mistake asks, and its file is there', async () => {
  const { address, port } = resolver.server;
  const file = join(folder, 'report.txt');
  const args = ['kms.example', '-n', '1', '--resolver', `${address}#${port}`, '--timeout', '200ms', '-o', file];
  expect((await runCli(args)).err).toBe('');
  expect(resolver.asked.length).toBeGreaterThan(0);
  expect(readFileSync(file, 'utf8')).toContain('kms.example');
});
