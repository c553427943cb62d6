// What the caller got wrong is said before the first packet, also what only the wire's own libraries can tell; and nothing
// is left behind: no open gather, no empty file.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../src/net/dns/test/servers.ts';
import { captureIo, runCli } from '../support/cli.ts';

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
  ['a search for a limit that nobody agreed to', () => ['--find-limit', '20', '--deadline', '3m']],
  ['a search that the deadline cuts short', () => ['--find-limit', '20', '--yes']],
  ['a search without an end', () => ['--find-limit', '20..10', '--yes']],
  [
    'a search with a request that changes something',
    () => ['--find-limit', '20', '-X', 'POST', '--deadline', '3m', '--yes'],
  ],
  ['a search whose probe is left out', () => ['--find-limit-open', '20', '--skip', 'access', '--yes']],
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

test.each([
  ['n', false],
  ['', false],
  ['yes', true],
])('whoever sits at the terminal is asked before a limit is looked for: %j', async (answer, goes) => {
  const { address, port } = resolver.server;
  const before = resolver.asked.length;
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answer;
  };
  const io = captureIo({ ask });
  const args = ['kms.example', '-n', '1', '--find-limit', '20', '--deadline', '3m', '--timeout', '200ms'];
  const { exit, err } = await runCli([...args, '--resolver', `${address}#${port}`], io);
  expect({ isRefused: exit === 64, asked: questions.length }, err).toEqual({ isRefused: !goes, asked: 1 });
  expect(err).toContain('at most 585 requests in 70 s');
  expect(resolver.asked.length > before).toBe(goes);
});

test('the same command without a mistake asks, and its file is there', async () => {
  const { address, port } = resolver.server;
  const file = join(folder, 'report.txt');
  const args = ['kms.example', '-n', '1', '--resolver', `${address}#${port}`, '--timeout', '200ms', '-o', file];
  expect((await runCli(args)).err).toBe('');
  expect(resolver.asked.length).toBeGreaterThan(0);
  expect(readFileSync(file, 'utf8')).toContain('kms.example');
});
