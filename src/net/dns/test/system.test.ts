import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { IpAddress } from '../../../model/text.ts';
import { socketProblem } from '../socket-problem.ts';
import { parseResolvConf, systemResolvers } from '../system.ts';

const local = [{ address: '127.0.0.1', port: 53 }];

describe('resolv.conf', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    [
      'comments, spaces, order',
      '# x\nsearch a.b\nnameserver 192.0.2.1\nnameserver\t2001:DB8::1 # y\n',
      ['192.0.2.1', '2001:db8::1'],
    ],
    [
      'three count',
      [1, 2, 3, 4].map((n) => `nameserver 192.0.2.${n}`).join('\n'),
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    ],
    ['none named', 'options rotate\n', ['127.0.0.1']],
    ['not an address, scoped address', 'nameserver dns.example\nnameserver fe80::1%eth0\n', ['127.0.0.1']],
    ['an indented line is not a nameserver line', ' nameserver 192.0.2.1\n', ['127.0.0.1']],
  ];
  test.each(cases)('%s', (_, text, addresses) => {
    expect(parseResolvConf(text).map((server) => server.address)).toEqual(addresses);
  });

  test('is read from the file, with the local machine when there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'resolv-'));
    try {
      await writeFile(
        join(folder, 'resolv.conf'),
        `nameserver 192.0.2.53\n${'#'.repeat(70_000)}\nnameserver 192.0.2.54\n`,
      );
      expect(await systemResolvers(join(folder, 'resolv.conf'))).toEqual([{ address: '192.0.2.53', port: 53 }]);
      expect(await systemResolvers(join(folder, 'missing'))).toEqual(local);
      expect(await systemResolvers(folder)).toEqual(local);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('whose fault a socket error is', () => {
  const v4 = '192.0.2.1' as IpAddress;
  const v6 = '2001:db8::1' as IpAddress;
  test.each([
    ['EMFILE', v4, 'open', 'no-descriptors', 'prober'],
    ['ENFILE', v4, 'open', 'no-descriptors', 'prober'],
    ['EPERM', v4, 'sent', 'denied', 'prober'],
    ['EACCES', v4, 'open', 'denied', 'prober'],
    ['ENETUNREACH', v6, 'open', 'no-ipv6', 'prober'],
    ['EAFNOSUPPORT', v6, 'open', 'no-ipv6', 'prober'],
    ['ENETUNREACH', v4, 'open', 'no-route', 'prober'],
    ['ENETUNREACH', v6, 'sent', 'dns-unreachable', 'resolver'],
    ['EHOSTUNREACH', v6, 'open', 'dns-unreachable', 'resolver'],
    ['ECONNREFUSED', v4, 'sent', 'dns-unreachable', 'resolver'],
  ] as const)('%s to %s when %s is %s', (code, server, moment, expected, fault) => {
    const error = Object.assign(new Error(code), { code });
    expect(socketProblem(error, server, moment)).toMatchObject({ code: expected, fault, detail: code });
  });
});
