// Where the report goes, through the real command: what cannot be written ends in words and exit code 3, never in a stack
// trace nor in a code that a monitor reads as a verdict.
import { execFile, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const BIN = join(ROOT, 'src/bin.ts');
const REPORT = ['report', join(ROOT, 'test/golden/old/0.1.0-demo.json')];
/** The verdict of that journey. */
const CRITICAL = 2;

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param stdout a file to write to instead of a pipe */
function command(args: readonly string[], stdout?: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const out = stdout === undefined ? 'pipe' : openSync(stdout, 'w');
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', out, 'pipe'],
    env: { ...process.env, ...env },
  });
  const read = { out: '', err: '' };
  child.stdout?.on('data', (bytes: Buffer) => (read.out += bytes.toString()));
  child.stderr?.on('data', (bytes: Buffer) => (read.err += bytes.toString()));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code, ...read }));
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(!existsSync('/dev/full'))('a full device', () => {
  test.each([
    [['--version'], 'probe: cannot write: no space left on device\n'],
    [['--help'], 'probe: cannot write the report to standard output: no space left on device\n'],
    [REPORT, 'probe: cannot write the report to standard output: no space left on device\n'],
    [['demo', '-n', '1'], 'probe: cannot write the report to standard output: no space left on device\n'],
    [['kms.example', '--plan'], 'probe: cannot write the report to standard output: no space left on device\n'],
  ])('as standard output of %j', async (args, words) => {
    expect(await command(args, '/dev/full')).toMatchObject({ code: 3, err: words });
  });

  test('as the file of --output', async () => {
    const words = 'probe: cannot write the report to /dev/full: no space left on device\n';
    expect(await command([...REPORT, '-o', '/dev/full'])).toEqual({ code: 3, out: '', err: words });
  });
});

describe('--output', () => {
  test('to /dev/null says nothing, and /dev/null stays what it is', async () => {
    expect(await command([...REPORT, '-o', '/dev/null'])).toEqual({ code: CRITICAL, out: '', err: '' });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test.each(['/dev/stdout', '/dev/fd/1'])('to %s is standard output: a socket, a pipe or a file', async (path) => {
    const { out } = await command(REPORT);
    expect(out).toContain('CRITICAL');
    expect(await command([...REPORT, '-o', path])).toEqual({ code: CRITICAL, out, err: '' });
    const script = '"$0" "$@" | cat';
    const piped = await promisify(execFile)('sh', ['-c', script, process.execPath, BIN, ...REPORT, '-o', path]);
    expect(piped).toEqual({ stdout: out, stderr: '' });
    const file = join(folder, 'redirected.txt');
    expect(await command([...REPORT, '-o', path], file)).toMatchObject({ code: CRITICAL, err: '' });
    expect(readFileSync(file, 'utf8')).toBe(out);
  });

  test('replaces an older and longer report, also behind a link', async () => {
    const [file, link] = [join(folder, 'old.txt'), join(folder, 'link.txt')];
    await writeFile(file, 'x'.repeat(100_000));
    await symlink(file, link);
    const { out } = await command(REPORT);
    expect(await command([...REPORT, '-o', link])).toEqual({ code: CRITICAL, out: '', err: '' });
    expect(readFileSync(file, 'utf8')).toBe(out);
  });

  test.each([
    ['.', 'it is a directory'],
    ['/nonexistent/report.txt', 'no such file or folder'],
  ])('to %s is wrong usage', async (path, words) => {
    const { code, err } = await command([...REPORT, '-o', path]);
    expect(err).toContain(`--output: cannot write ${path}: ${words}`);
    expect(code).toBe(64);
  });
});

test.each([
  [['--version'], 0],
  [['--help'], 0],
  [REPORT, CRITICAL],
] as const)('a reader of %j that goes away is no error, and changes no verdict', async (args, exit) => {
  const script = '{ "$0" "$@"; echo "exit $?" >&2; } | true';
  const { stderr } = await promisify(execFile)('sh', ['-c', script, process.execPath, BIN, ...args]);
  expect(stderr).toBe(`exit ${exit}\n`);
});

describe('what nobody caught', () => {
  /** Throws as soon as the command has begun to listen for it, and outside of any call of it. */
  const planted =
    "process.on('newListener', (name) => { if (name === 'uncaughtException') setImmediate(() => { throw new Error('planted'); }); });";
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(planted)}` };

  test('is one line and exit code 3', async () => {
    const words = 'probe: a fault of this program: "planted"\n';
    expect(await command(REPORT, undefined, { ...env, OUTRIDER_DEBUG: '' })).toEqual({ code: 3, out: '', err: words });
  });

  test('is no end without a word for the agent, which a supervisor would take for a wanted one', async () => {
    const broken = planted.replace("new Error('planted')", "Object.assign(new Error('gone'), { code: 'EPIPE' })");
    const options = `--import=data:text/javascript,${encodeURIComponent(broken)}`;
    const file = join(folder, 'modules.yml');
    await writeFile(file, 'modules: { m: { prober: tcp } }');
    const serve = ['serve', '--blackbox-config', file, '--listen', '127.0.0.1:0'];
    const { code, err } = await command(serve, undefined, { NODE_OPTIONS: options, OUTRIDER_DEBUG: '' });
    expect(code).toBe(3);
    expect(err).toContain('probe: a fault of this program: "gone"\n');
  });

  test('shows where for who asks', async () => {
    const { code, err } = await command(REPORT, undefined, { ...env, OUTRIDER_DEBUG: '1' });
    expect(code).toBe(3);
    expect(err).toMatch(/Error: planted\n +at /);
  });
});
