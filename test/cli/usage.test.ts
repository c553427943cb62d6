// What people type wrong: each ends as exit 64 with the cause and the remedy on standard error, and nothing on standard output.
import { expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';

const DEMO = 'test/golden/old/0.1.0-demo.json';

test.each([
  [['--nonsense', 'kms.example'], 'unknown option'],
  [['kms.example', '-n', '0'], '--samples: "0" is not a whole number from 1'],
  [['kms.example', '-n', 'many'], '--samples'],
  [['kms.example', '--rate', '-1'], '--rate'],
  [['kms.example', '--clock', 'sun'], '--clock'],
  [['kms.example', '--timeout', '5'], '--timeout: "5" is not a duration'],
  [['kms.example', '--deadline', '999999d'], '--deadline'],
  [['kms.example', '--resolver', 'dns.example'], 'dns.example'],
  [['kms.example', '--connect', 'kms.example'], '--connect: "kms.example" is not an address'],
  [['kms.example', '--zone', 'a'], '--zone: "a" is not NAME=ADDR'],
  [['kms.example', '--ca-file', '/nonexistent/ca.pem'], '--ca-file: cannot read /nonexistent/ca.pem: no such file'],
  [['kms.example', '--ca-file', '/dev/null'], 'no PEM certificate'],
  [['kms.example', '--trust-anchor', '/dev/null'], '--trust-anchor: the file holds no anchor'],
  [['kms.example', '--root-hints', '/dev/null'], '--root-hints: the file holds no address'],
  [['kms.example', '--since', '/nonexistent/before.json'], 'cannot read /nonexistent/before.json'],
  [['kms.example', '--since', 'package.json'], 'package.json has no schema'],
  [['other.example', '--since', DEMO], `--since: ${DEMO} is a journey to kms.example, not to other.example`],
  [
    ['kms.example', ...Array.from({ length: 9 }, () => ['--since', DEMO]).flat()],
    '--since: 9 journeys are more than 8',
  ],
  [['kms.example', '--networks', '/nonexistent/ip-ranges.json'], '--networks: cannot read /nonexistent/ip-ranges.json'],
  [['kms.example', '--networks', '/dev/null'], '--networks: /dev/null holds no address range known here'],
  [['kms.example', '--networks', 'package.json'], '--networks: package.json holds no address range known here'],
  [['kms.example', '--client-cert', '/dev/null'], 'go together'],
  [['--journey', '/nonexistent/j.yaml'], '--journey: cannot read /nonexistent/j.yaml: no such file'],
  [['kms.example', '--journey', 'package.json'], 'package.json:2: no key is called "name"'],
  [['config', 'check', '/dev/null'], '/dev/null: a journey file is a mapping'],
  [['config', 'chekc', 'x'], 'unknown command'],
  [['kms.example', '-H', 'broken'], '--header'],
  [['kms.example', '-H', 'X: a\r\nY: b'], '--header'],
  [['kms.example', '-X', 'GET /'], '--method'],
  [['kms.example', '-4', '-6'], '-4 and -6'],
  [['kms.example', '-4', '--connect', '[2001:db8::1]:443'], '-4 leaves out --connect 2001:db8::1, which is IPv6'],
  [['kms.example', '-6', '--connect', '192.0.2.1=zone-a'], '-6 leaves out --connect 192.0.2.1, which is IPv4'],
  [['192.0.2.1', '-6'], '-6 leaves out 192.0.2.1, which is IPv4'],
  [['127.0.09.2'], 'leading zeros are read as octal by some programs; write 127.0.9.2'],
  [['https://01.2.3.4:8443/x'], 'leading zeros are read as octal'],
  [['kms.example', '--connect', '127.0.09.2'], 'leading zeros are read as octal'],
  [
    ['kms.example', '--connect', '01.2.3.4:443=zone-a'],
    'leading zeros are read as octal by some programs; write 1.2.3.4',
  ],
  [['kms.example', '--zone', 'a=192.0.2.1,192.0.02.2'], 'leading zeros are read as octal'],
  [['kms.example', '--resolver', '127.0.0.053#53'], 'leading zeros are read as octal'],
  [['kms.example', '--sni', '01.2.3.4'], '--sni: "01.2.3.4" is not a host name'],
  [['kms.example', '--user-agent', 'a\r\nX: y'], '--user-agent: "a\\x0d\\x0aX: y" cannot be sent'],
  [['kms.example', '--user-agent', 'sampler \u4f60'], '--user-agent'],
  [['kms.example', '--user-agent', ''], '--user-agent'],
  [['kms.example', '--plan', '-H', 'Content-Length: 3'], 'the header Content-Length is set by the connection itself'],
  [['http://kms.example', '--plan', '--http', '2'], 'HTTP/2 is agreed on in TLS'],
  [['kms.example', '--timeout', '0s'], '--timeout: must be longer than 0'],
  [['kms.example', '--only', 'dns', '--skip', 'dns'], 'leave no probe'],
  [['kms.example', '--only', ','], '--only names no probe'],
  [['kms.example', '--only', 'balancers'], 'did you mean "balancer"?'],
  [['kms.example', '--only', 'dns,ghosts'], 'no probe is called "ghosts"'],
  [['kms.example', '--sni', '192.0.2.1'], '--sni'],
  [['serve'], 'give --config FILE, --blackbox-config FILE, or both'],
  [['kms.example', '--format', 'pdf'], 'text, json, markdown, html, prometheus'],
  [['kms.example', '--output', '/nonexistent/folder/report.txt', '--connect', '127.0.0.1'], '--output: cannot write'],
  [['kms.example', '--policy', '/dev/null/x'], '--policy'],
  [['kms.example', '--warn', 'soon'], '--warn'],
  [['kms.example', '--warn', '3d', '--critical', '7d'], '--warn is 3d and --critical 7d'],
  [['kms.example', '--warn', '3d'], '--warn is 3d and --critical 7d'],
  [['kms.example', '--plan', '--critical', '800h'], '--warn is 30d and --critical 800h'],
  [['judge', DEMO, '--warn', '3d'], '--warn is 3d and --critical 7d'],
  [['judge', DEMO, '--as-of', '2026'], '--as-of: "2026" is not a time of RFC 3339'],
  [['judge', DEMO, '--as-of', '1 May 2026'], 'not a time of RFC 3339'],
  [['judge', DEMO, '--as-of', '2026-02-30T00:00:00Z'], 'not a time of RFC 3339'],
  [['judge', DEMO, '--as-of', '2026-02-03T00:00:00'], 'not a time of RFC 3339'],
  [['ftp://kms.example'], 'only https and http'],
  [['two', 'targets'], 'too many arguments'],
  [['judge', '/nonexistent.json'], 'no such file'],
  [['report', '/dev/null'], 'is not JSON'],
  [['report', 'package.json'], 'no schema'],
  [[], 'no target is given'],
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
