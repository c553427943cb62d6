import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IpAddress, wireText } from '../../../../src/model/text.ts';
import { readTrustAnchors } from '../../../../src/net/dns/trust-anchor.ts';
import { matchesDs, modulusBits } from '../algorithms.ts';
import { compareNames, nameOctets, readOctets } from '../names.ts';
import { keyTag, readDnskey, readDs, readNsec, readNsec3, readRrsig } from '../records.ts';
import { addressOctets, rrsetsOf, signedOctets } from '../rrset.ts';
import { absolute } from '../verify.ts';
import { inOrder, makeKey, wire } from './signer.ts';

/** KSK-2017 as IANA publishes it, from Debian's dns-root-data; its tag and digest are told there too. */
const KSK_2017 =
  'AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=';

describe('known values', () => {
  test('the tag of the root key', () => {
    expect(keyTag(Buffer.concat([Buffer.from([1, 1, 3, 8]), Buffer.from(KSK_2017, 'base64')]))).toBe(20_326);
  });

  test.each([
    ['the root key', 8, Buffer.from(KSK_2017, 'base64'), 2048],
    ['RSA of 1024 bits', 8, makeKey('RSA').data.subarray(4), 1024],
    ['a leading zero', 8, Buffer.from([1, 3, 0, 0x40, ...Buffer.alloc(63)]), 511],
    ['a curve', 13, makeKey('P-256').data.subarray(4), null],
    ['an exponent longer than the key', 8, Buffer.from([200, 1, 2]), null],
    ['nothing', 8, Buffer.alloc(0), null],
  ] as const)('bits of %s', (_, algorithm, publicKey, bits) => {
    expect(modulusBits({ algorithm, publicKey })).toBe(bits);
  });

  test('the order of RFC 4034 6.1', () => {
    const ordered = ['example', 'a.example', 'yljkjljk.a.example', 'z.a.example', 'zabc.a.example', 'z.example'];
    const rest = ['\\001.z.example', '*.z.example', '\\200.z.example'];
    expect(inOrder([...ordered, ...rest].toReversed())).toEqual([...ordered, ...rest]);
  });

  test.each([
    ['192.0.2.1', 'c0000201'],
    ['::', '00000000000000000000000000000000'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['fe80:1:2:3:4:5:6:7', 'fe800001000200030004000500060007'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['2001:db8:1::', '20010db8000100000000000000000000'],
  ])('the octets of %s', (address, hex) => {
    expect(addressOctets(address as IpAddress).toString('hex')).toBe(hex);
  });

  test('times around the turn of the era, RFC 4034 3.1.5', () => {
    expect(absolute(5, 0xffff_fff0)).toBe(0x1_0000_0005);
    expect(absolute(0xffff_fff0, 0x1_0000_0005)).toBe(0xffff_fff0);
  });
});

describe('names', () => {
  test.each([
    ['.', '00'],
    ['a', '016100'],
    ['A.b', '0161016200'],
    ['a\\.b', '03612e6200'],
    ['\\000\\255', '0200ff00'],
  ])('%s', (text, hex) => {
    expect(nameOctets(text)?.toString('hex')).toBe(hex);
  });

  test.each(['a..b', '.a', `${'a'.repeat(64)}.b`, Array.from({ length: 128 }, () => 'aa').join('.'), '\\999'])(
    '%j is none',
    (text) => {
      expect(nameOctets(text)).toBeNull();
    },
  );

  test('the order is total', () => {
    const name = fc.array(fc.stringMatching(/^[a-c*]{1,2}$/), { maxLength: 4 }).map((labels) => wire(labels.join('.')));
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareNames(a, b))).toBe(-Math.sign(compareNames(b, a)) + 0);
        expect(compareNames(a, b) === 0).toBe(a.equals(b));
      }),
    );
  });
});

describe('bytes from anybody', () => {
  test('are read or refused, and never thrown on', () => {
    const owner = wire('0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const data = Buffer.from(bytes);
        const nsec3 = readNsec3(owner, data);
        expect(nsec3 === null || nsec3.nextHash.length <= data.length).toBe(true);
        for (const read of [readRrsig, readDnskey, readDs]) expect(read(data)).not.toBeUndefined();
        expect(readNsec(owner, data)).not.toBeUndefined();
        const name = readOctets(data, 0);
        expect(name === null || name.end <= data.length).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('a signature that does not fit its set covers nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 60 }), (bytes) => {
        const records = [
          { name: wireText('www.kms.example'), ttlSeconds: 1, type: 'A', address: '192.0.2.1' as IpAddress } as const,
          {
            name: wireText('www.kms.example'),
            ttlSeconds: 1,
            type: 'other',
            typeName: 'RRSIG',
            rdataHex: `0001${Buffer.from(bytes).toString('hex')}`,
          } as const,
        ];
        const set = rrsetsOf(records as never)[0];
        const signature = set?.signatures[0];
        if (set === undefined || signature === undefined) return;
        const signed = signedOctets(set, signature);
        expect(signed === null || signature.labels <= 3).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('trust anchors', () => {
  test('built in: both keys of the root, and the published key is what the digest says', () => {
    const anchors = readTrustAnchors(null);
    expect(anchors.map((one) => [one.zone, one.type === 'DS' && one.tag])).toEqual([
      ['.', 20_326],
      ['.', 38_696],
    ]);
    const [first] = anchors;
    const key = readDnskey(Buffer.concat([Buffer.from([1, 1, 3, 8]), Buffer.from(KSK_2017, 'base64')]));
    expect(first?.type === 'DS' && key !== null && matchesDs(first, wire('.'), key)).toBe(true);
  });

  test('lines of a zone file, with TTL, class, comments and split data', () => {
    const text = `; of a test\n. 3600 IN DNSKEY 257 3 8 ${KSK_2017.slice(0, 40)} ${KSK_2017.slice(40)} ; KSK\n\nCorp.Example. DS 7 13 2 ${'ab'.repeat(32)}\n`;
    expect(readTrustAnchors(text)).toMatchObject([
      { zone: '.', type: 'DNSKEY' },
      { zone: 'corp.example', type: 'DS', tag: 7 },
    ]);
  });

  test.each([
    ['', 'holds no anchor'],
    ['; nothing', 'holds no anchor'],
    ['. IN DS 1 8 2', 'line 1'],
    ['. IN A 192.0.2.1', 'line 1'],
    ['\n. IN DNSKEY 257 4 8 AwEA', 'line 2'],
    ['.. IN DS 1 8 2 ab', 'line 1'],
    ['. IN DS 70000 8 2 ab', 'line 1'],
  ])('%j is refused', (text, words) => {
    expect(() => readTrustAnchors(text)).toThrow(words);
  });
});
