// What people type wrong: each ends as exit 64 with the cause and the remedy on standard error, and nothing on standard output.
import { expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';

test.each([
  [['--nonsense', 'kms.example'], 'unknown option'],
  [['kms.example', '-n', '0'], '--samples: "0" is not a whole number from 1'],
  [['kms.example', '-n', 'many'], '--samples'],
  [['kms.example', '--rate', '-1'], '--rate'],
  [['kms.example', '--timeout', '5'], '--timeout: "5" is not a duration'],
  [['kms.example', '--deadline', '999999d'], '--deadline'],
  [['kms.example', '--resolver', 'dns.example'], 'dns.example'],
  [['kms.example', '--connect', 'kms.example'], '--connect: "kms.example" is not an address'],
  [['kms.example', '--zone', 'a'], '--zone: "a" is not NAME=ADDR'],
  [['kms.example', '--ca-file', '/nonexistent/ca.pem'], '--ca-file: cannot read /nonexistent/ca.pem: no such file'],
  [['kms.example', '--ca-file', '/dev/null'], 'no PEM certificate'],
  [['kms.example', '--client-cert', '/dev/null'], 'go together'],
  [['kms.example', '-H', 'broken'], '--header'],
  [['kms.example', '-H', 'X: a\r\nY: b'], '--header'],
  [['kms.example', '-X', 'GET /'], '--method'],
  [['kms.example', '-4', '-6'], '-4 and -6'],
  [['kms.example', '--only', 'dns,ghosts'], 'no probe is called "ghosts"'],
  [['kms.example', '--sni', '192.0.2.1'], '--sni'],
  [['kms.example', '--format', 'pdf'], 'text, json, markdown, html, prometheus'],
  [['kms.example', '--output', '/nonexistent/folder/report.txt', '--connect', '127.0.0.1'], '--output: cannot write'],
  [['kms.example', '--policy', '/dev/null/x'], '--policy'],
  [['kms.example', '--warn', 'soon'], '--warn'],
  [['ftp://kms.example'], 'only https and http'],
  [['two', 'targets'], 'too many arguments'],
  [['judge', '/nonexistent.json'], 'no such file'],
  [['report', '/dev/null'], 'is not JSON'],
  [['report', 'package.json'], 'no schema'],
  [[], 'missing required argument'],
])('probe %j', async (args, words) => {
  const { exit, out, err } = await runCli(args);
  expect(err).toContain(words);
  expect(err).not.toMatch(/^\s+at /m);
  expect({ exit, out }).toEqual({ exit: 64, out: '' });
});

test('--help shows the options, the examples and the exit codes', async () => {
  const { exit, out } = await runCli(['--help']);
  expect(exit).toBe(0);
  expect(out).toContain('Exit codes');
  const ride = await runCli(['ride', '--help']);
  for (const option of ['--samples', '--resolver', '--zone', '--plan', '--fail-on', '--no-color'])
    expect(ride.out).toContain(option);
});
