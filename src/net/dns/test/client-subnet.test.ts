import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DnsName } from '../../../model/text.ts';
import { readOptions, subnetOption } from '../edns.ts';
import { decodeMessage, encodeQuery } from '../message.ts';

test.each([
  ['192.0.2.77/20', '0001 14 00 c00000'],
  ['192.0.2.77/24', '0001 18 00 c00002'],
  ['192.0.2.77/32', '0001 20 00 c000024d'],
  ['192.0.2.77/0', '0001 00 00'],
  ['255.255.255.255/1', '0001 01 00 80'],
  ['2001:db8::1/32', '0002 20 00 20010db8'],
  ['2001:db8:ffff::/36', '0002 24 00 20010db8f0'],
  ['::/0', '0002 00 00'],
])('%s is asked for with nothing behind its length (RFC 7871 6)', (subnet, hex) => {
  expect(subnetOption(subnet).data.toString('hex')).toBe(hex.replaceAll(' ', ''));
});

test.each(['', '192.0.2.0', '192.0.2.0/33', '192.0.2/24', '2001:db8::/129', '192.0.2.0/x', '192.0.2.0/-1'])(
  '"%s" is no network',
  (subnet) => {
    expect(() => subnetOption(subnet)).toThrow(RangeError);
  },
);

test('what is written is what is read back', () => {
  const name = 'kms.example' as DnsName;
  const networks = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(32));
  fc.assert(
    fc.property(networks, fc.boolean(), ([address, length], nsid) => {
      const { data, code } = subnetOption(`${address}/${length}`);
      const header = Buffer.from([0, code, 0, data.length]);
      const read = readOptions(Buffer.concat([header, data])).clientSubnet;
      expect(read?.scopePrefix).toBe(0);
      expect(subnetOption(read?.subnet ?? '').data).toEqual(data);
      const question = { name, type: 'A', recursionDesired: false, clientSubnet: `${address}/${length}` } as const;
      const { bytes } = encodeQuery({ ...question, ...(nsid && { nsid }) });
      expect(decodeMessage(bytes).clientSubnet).toEqual(read);
    }),
  );
});
