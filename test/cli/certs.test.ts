// `probe certs` as cron runs it, against the embedded world: silent and 0 when all is well, a line a problem and its exit code otherwise.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WriteError } from '../../src/cli/system-words.ts';
import { startWorld } from '../../src/demo/world.ts';
import type { CertsReport } from '../../src/model/certs.ts';
import { captureIo, runCli, runInside } from '../support/cli.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** In the world one of three certificates of kms.example has six days left. */
const certs = (...args: readonly string[]) => runCli(['demo', 'certs', ...args]);

describe('probe certs', () => {
  test('is silent and 0 when every certificate has time left', async () => {
    expect(await certs('kms.example', '--warn', '3d', '--critical', '1d', '--fail-on', 'warning')).toEqual({
      ...{ exit: 0, out: '', err: '' },
    });
  });

  test('one line a problem, worst first; the exit code is that of the worst', async () => {
    const { exit, out, err } = await certs('kms.example', 'nope.example', '--fail-on', 'warning');
    expect({ exit, err }).toEqual({ exit: 2, err: '' });
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^CRITICAL {2}kms\.example 127\.0\.20\.1:\d+: The certificate of kms\.example expires in 6 days, on /,
    );
    expect(lines.at(-1)).toBe('UNKNOWN   nope.example: No address to look at: the name does not exist.');
  });

  test('what could not be looked at is not health', async () => {
    const { exit, out } = await certs('nope.example', '--fail-on', 'warning');
    expect(exit).toBe(3);
    expect(out).toContain('nope.example');
  });

  test('--first-address looks at one address of a name, --list reads names', async () => {
    const list = join(folder, 'names.txt');
    await writeFile(list, '# ours\nkms.example\n\n  kms.example # again\n');
    const { out } = await certs('--list', list, '--first-address', '-f', 'json');
    const report = JSON.parse(out) as CertsReport;
    expect(report.counts).toMatchObject({ targets: 1, places: 1, failed: 0 });
    expect(report.places[0]).toMatchObject({
      target: 'kms.example',
      state: 'read',
      trusted: true,
      hostnameMatches: true,
    });
  });

  test('a list may have the line ends of Windows, and the mark that its editors put first', async () => {
    const list = join(folder, 'crlf.txt');
    await writeFile(list, '\u{feff}kms.example\r\n# a comment\r\n\r\nkms.example # again\r\n');
    const { out } = await certs('--list', list, '--first-address', '-f', 'json');
    expect((JSON.parse(out) as CertsReport).counts).toMatchObject({ targets: 1 });
  });

  test('the document names every place and holds every certificate of its chain', async () => {
    const { out } = await certs('kms.example', '-f', 'json');
    const report = JSON.parse(out) as CertsReport;
    expect(report).toMatchObject({ schema: 'certs/1', verdict: 'critical', complete: true });
    expect(report.places).toHaveLength(3);
    for (const { chain } of report.places) {
      expect(chain.length).toBeGreaterThan(1);
      for (const fingerprint of chain) expect(report.certificates).toHaveProperty(fingerprint);
    }
  });

  test('compared with an earlier report: what was told then and not renewed is marked, and a wrong file is refused', async () => {
    const world = await startWorld();
    try {
      const last = join(folder, 'last.json');
      const sweep = ['certs', 'kms.example', '-f', 'json', '-o', last];
      expect((await runInside(world, sweep)).err).toBe('');
      const { out } = await runInside(world, ['certs', 'kms.example', '--since', last]);
      expect(out).toMatch(/expires in 6 days, on .* Told on .* too, and not renewed since\./);
      const again = await runInside(world, [...sweep, '--since', last]);
      expect(again.err).toBe('');
      expect((JSON.parse(await readFile(last, 'utf8')) as CertsReport).problems[0]?.what).toContain(
        'not renewed since',
      );
      await writeFile(last, '{"schema":"journey/1"}');
      await expect(runInside(world, ['certs', 'kms.example', '--since', last])).rejects.toThrow(
        'is no report of certificates',
      );
    } finally {
      await world.close();
    }
  });

  test('as a monitoring plugin: one line with performance data, then the problems', async () => {
    const { out } = await certs('kms.example', '-f', 'nagios');
    const [first = '', ...rest] = out.trimEnd().split('\n');
    expect(first).toMatch(
      /^CERTS CRITICAL - 1 problem at 3 places of 1 target: kms\.example 127\.0\.20\.1:\d+: The certificate [^|]* \| days_left=6;30:;7: /,
    );
    expect(first).toMatch(/ 'kms\.example 127\.0\.30\.1:\d+'=6[0-9];30:;7:/);
    expect(rest).toHaveLength(1);
  });

  test('as CSV: a line for each certificate of each place', async () => {
    const { out } = await certs('kms.example', 'nope.example', '-f', 'csv');
    const lines = out.trimEnd().split('\r\n');
    const width = lines[0]?.split(',').length;
    expect(lines[0]).toMatch(/^place,target,endpoint,state,position,days_left,/);
    expect(lines).toHaveLength(1 + 3 * 2 + 1);
    // Subjects hold commas, within quotes.
    for (const line of lines) expect(line.replaceAll(/"[^"]*"/g, '').split(',')).toHaveLength(width ?? 0);
    expect(lines.at(-1)).toContain('failed: the name does not exist');
  });

  test('as metrics, into a file that is replaced whole', async () => {
    const file = join(folder, 'certs.prom');
    const { out } = await certs('kms.example', '--textfile', file, '-q');
    expect(out).toBe('');
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^certs_verdict 2$/m);
    expect(text).toMatch(
      /^certs_not_after_timestamp_seconds\{place="kms\.example 127\.0\.10\.1:\d+",position="0"\} 1[\d.e+]+$/m,
    );
    expect(text).toMatch(
      /^certs_problem\{place="kms\.example 127\.0\.20\.1:\d+",id="certificate-expiry",severity="critical"\} 1$/m,
    );
    expect((await readdir(folder)).filter((name) => name.startsWith('certs.prom'))).toEqual(['certs.prom']);
  });

  test('receivers are told of problems, a Pushgateway of every sweep; who cannot be told is said', async () => {
    const heard: { readonly at: string; readonly body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        heard.push({ at: `${request.method} ${request.url}`, body });
        response.writeHead(request.url === '/gone' ? 404 : 200).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const telling = ['--notify', `alertmanager+${at}`, '--notify', `${at}/gone`, '--push', at];
      const { exit, err } = await certs('kms.example', '--fail-on', 'warning', ...telling);
      expect({ exit, err }).toEqual({ exit: 2, err: `probe: not told: ${at.slice(7)}: HTTP 404\n` });
      expect(heard.map((one) => one.at).toSorted((a, b) => a.localeCompare(b))).toEqual([
        ...['POST /api/v2/alerts', 'POST /gone', 'PUT /metrics/job/probe_certs/instance/test'],
      ]);
      expect(heard.find((one) => one.at.startsWith('PUT'))?.body).toMatch(/^certs_verdict 2$/m);
      heard.length = 0;
      const well = await certs('kms.example', '--warn', '3d', '--critical', '1d', '--fail-on', 'warning', ...telling);
      expect(well).toEqual({ exit: 0, out: '', err: '' });
      expect(heard.map((one) => one.at)).toEqual(['PUT /metrics/job/probe_certs/instance/test']);
    } finally {
      server.close();
    }
  });

  test.each([
    ['the report', [], { out: () => Promise.reject(new WriteError('no space')) }],
    ...(existsSync('/dev/full') ? [['the metrics', ['--textfile', '/dev/full'], {}] as const] : []),
  ] as const)('receivers are told also when there is no room for %s', async (_, args, part) => {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      heard.push(`${request.url} ${request.headers.authorization}`);
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const to = `http://user:p%40ss@127.0.0.1:${port}/told`;
      const { exit } = await runCli(
        ['demo', 'certs', 'kms.example', '--fail-on', 'warning', '--notify', to, ...args],
        captureIo(part),
      );
      expect(exit).toBe(3);
      expect(heard).toEqual([`/told Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    } finally {
      server.close();
    }
  });

  test('-q says nothing, and writes the file that was asked for', async () => {
    const file = join(folder, 'quiet.json');
    const { exit, out, err } = await certs('kms.example', '-q', '-f', 'json', '-o', file, '--fail-on', 'warning');
    expect({ exit, out, err }).toEqual({ exit: 2, out: '', err: '' });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ schema: 'certs/1' });
  });

  test('a folder without certificates is not health, beside one with some', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    await writeFile(join(empty, 'README'), 'certificates went elsewhere');
    const { exit, out } = await certs(
      'kms.example',
      '--warn',
      '3d',
      '--critical',
      '1d',
      '--dir',
      empty,
      '--fail-on',
      'warning',
    );
    expect(out).toBe(`UNKNOWN   ${empty}: It cannot be read: no certificate file is below it.\n`);
    expect(exit).toBe(3);
  });

  test('a deadline that has passed says so', async () => {
    const { exit, out } = await certs('kms.example', '--deadline', '1ms', '--fail-on', 'warning');
    expect(out).toContain('stopped before its end');
    expect(exit).toBe(3);
  });

  test.each([
    ['nothing to look at', [], /nothing to look at/],
    ['a line that is no target', ['--list', 'LIST'], /names\.txt:2: .*gopher/],
    [
      'a receiver that is none',
      ['kms.example', '--notify', 'pager+https://x.example/secret'],
      /--notify: not a URL of a known kind/,
    ],
    ['a Pushgateway that is none', ['kms.example', '--push', 'x'], /--push: not an http/],
    ['an address of the family that is left out', ['-4', '[2001:db8::1]:443'], /-4 leaves out \[2001:db8::1\]:443/],
    ['an unknown number of connections', ['kms.example', '--concurrency', '0'], /--concurrency/],
  ] as const)('%s is said before anything is sent', async (_, args, words) => {
    const list = join(folder, 'names.txt');
    await writeFile(list, 'kms.example\ngopher://kms.example\n');
    const { exit, out, err } = await certs(...args.map((word) => (word === 'LIST' ? list : word)));
    expect({ exit, out }).toEqual({ exit: 64, out: '' });
    expect(err).toMatch(words);
  });
});
