import dnsPacket, { type Answer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsRecord } from '../../../contract/net.ts';
import type { DnsName } from '../../../model/text.ts';
import { decodeMessage, encodeQuery } from '../message.ts';
import { optWith, rawAnswer, serviceHex } from './corpus.ts';
import { OPT } from './servers.ts';

const goodA: Answer = { type: 'A', name: 'kms.example', ttl: 60, data: '192.0.2.1' };

function decoded(answers: readonly Answer[], opt: Answer = OPT) {
  const questions = [{ type: 'A' as const, name: 'kms.example' }];
  return decodeMessage(dnsPacket.encode({ type: 'response', questions, answers: [...answers], additionals: [opt] }));
}

/** The record between two good ones, so that what it does to its neighbours shows. */
function read(type: number, hex: string): DnsRecord | undefined {
  const { answers, unreadableRecords } = decoded([goodA, rawAnswer(type, hex), goodA]);
  expect(answers.map((one) => one.type)).toEqual(['A', answers[1]?.type, 'A']);
  expect(unreadableRecords).toBe(0);
  return answers[1];
}

const svcb = {
  priority: 1,
  target: '.',
  mandatory: [],
  alpn: [],
  noDefaultAlpn: false,
  port: null,
  ipv4Hint: [],
  ipv6Hint: [],
  ech: false,
  otherKeys: [],
};

describe('service records (RFC 9460)', () => {
  test.each<[string, string, object, string]>([
    ['alias mode', '0000 03666f6f076578616d706c6500', { priority: 0, target: 'foo.example' }, '0 foo.example.'],
    ['alias mode ignores parameters', '0000 00 0001 0001', { priority: 0 }, '0 .'],
    ['a target alone', '0001 03666f6f076578616d706c6500', { target: 'foo.example' }, '1 foo.example.'],
    [
      'all that is read',
      serviceHex,
      {
        alpn: ['h2', 'h3'],
        port: 8443,
        ipv4Hint: ['192.0.2.1', '192.0.2.2'],
        ipv6Hint: ['2001:db8::1'],
        ech: true,
        otherKeys: [65_280],
      },
      '1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ech=3q2+7w== ipv6hint=2001:db8::1 key65280="a\\"b"',
    ],
    [
      'mandatory keys and no default',
      '0010 00 0000 0004 00010002 0001 0003 026832 0002 0000',
      { priority: 16, mandatory: [1, 2], alpn: ['h2'], noDefaultAlpn: true },
      '16 . mandatory=alpn,no-default-alpn alpn="h2" no-default-alpn',
    ],
  ])('%s', (_, hex, change, presentation) => {
    expect(read(65, hex)).toEqual({
      name: 'kms.example',
      ttlSeconds: 60,
      type: 'HTTPS',
      svcb: { ...svcb, ...change },
      presentation,
    });
    expect(read(64, hex)).toMatchObject({ type: 'SVCB', presentation });
  });

  test.each([
    ['nothing', ''],
    ['no target', '0001'],
    ['a compressed target', '0001 c00c'],
    ['a target that runs on', '0001 09 6162'],
    ['a key without length', '0001 00 0001'],
    ['a value that runs on', '0001 00 0003 0004 0050'],
    ['keys that fall', '0001 00 0003 0002 01bb 0001 0003 026832'],
    ['a key twice', '0001 00 0003 0002 01bb 0003 0002 01bb'],
    ['an empty alpn', '0001 00 0001 0000'],
    ['an empty protocol', '0001 00 0001 0001 00'],
    ['a protocol that runs on', '0001 00 0001 0002 0568'],
    ['no-default-alpn with a value', '0001 00 0001 0003 026832 0002 0001 00'],
    ['no-default-alpn alone', '0001 00 0002 0000'],
    ['a port of three bytes', '0001 00 0003 0003 0001bb'],
    ['an empty hint', '0001 00 0004 0000'],
    ['a hint of five bytes', '0001 00 0004 0005 c000020101'],
    ['an IPv6 hint of four bytes', '0001 00 0006 0004 c0000201'],
    ['a mandatory key that is not there', '0001 00 0000 0002 0001'],
    ['mandatory naming itself', '0001 00 0000 0002 0000'],
    ['mandatory out of order', '0001 00 0000 0004 00030001 0001 0003 026832 0003 0002 01bb'],
  ])('%s: marked malformed, and the rest of the reply stays', (_, hex) => {
    const rdataHex = hex.replaceAll(' ', '');
    expect(read(65, hex)).toEqual({
      name: 'kms.example',
      ttlSeconds: 60,
      type: 'malformed',
      typeName: 'HTTPS',
      rdataHex,
    });
  });

  test('a record of 1,000 hints keeps 32', () => {
    const record = read(65, `0001 00 0004 0fa0 ${'c0000201'.repeat(1_000)}`);
    expect(record).toMatchObject({ type: 'HTTPS', svcb: { ipv4Hint: { length: 32 } } });
  });
});

describe('CAA (RFC 8659)', () => {
  const text = (value: string) => Buffer.from(value, 'latin1').toString('hex');
  test.each<[string, string, object, string]>([
    [
      'an issuer',
      `00 05 ${text('issueca.example')}`,
      { flags: 0, critical: false, tag: 'issue', value: 'ca.example' },
      '0 issue "ca.example"',
    ],
    [
      'a tag in capitals',
      `80 03 ${text('TBSx')}`,
      { flags: 128, critical: true, tag: 'tbs', value: 'x' },
      '128 tbs "x"',
    ],
    ['no value', `00 09 ${text('issuewild')}`, { tag: 'issuewild', value: '' }, '0 issuewild ""'],
    [
      'parameters, quotes and control characters',
      `00 05 ${text('issue; a="\u001b\\032"')}`,
      { value: '; a="\\027\\\\032"' },
      '0 issue "; a=\\"\\027\\\\032\\""',
    ],
  ])('%s', (_, hex, caa, presentation) => {
    expect(read(257, hex)).toMatchObject({ type: 'CAA', caa, presentation });
  });

  test.each([
    ['nothing', ''],
    ['no tag', '00 00'],
    ['a tag that runs on', `00 09 ${text('issue')}`],
    ['a tag with a space', `00 05 ${text('is ue')}`],
  ])('%s: marked malformed', (_, hex) => {
    expect(read(257, hex)).toMatchObject({ type: 'malformed', typeName: 'CAA' });
  });

  test('a value of 4,000 bytes is cut', () => {
    const record = read(257, `00 05 ${text(`issue${'x'.repeat(4_000)}`)}`);
    expect(record).toMatchObject({ type: 'CAA', caa: { value: 'x'.repeat(1_024) } });
  });
});

describe('other types', () => {
  test.each([
    ['empty', ''],
    ['no exchange', '000a'],
    ['bytes behind the exchange', '000a 00 00'],
  ])('MX, %s: marked malformed', (_, hex) => {
    expect(read(15, hex)).toMatchObject({ type: 'malformed', typeName: 'MX' });
  });

  test('SSHFP with hash 3, at which dns-packet loses its place', () => {
    expect(read(44, '04 03 0102030405')).toMatchObject({
      type: 'other',
      typeName: 'TYPE44',
      rdataHex: '04030102030405',
    });
  });

  test('TXT of 1,000 strings keeps 64', () => {
    expect(read(16, '0161'.repeat(1_000))).toMatchObject({ type: 'TXT', text: { length: 64 } });
  });
});

test('whatever the data of a record, its neighbours stay, and what is kept of it is bounded', () => {
  const params = fc.array(fc.tuple(fc.nat(8), fc.uint8Array({ maxLength: 20 })), { maxLength: 6 });
  const service = params.map((pairs) => {
    const rising = pairs.toSorted(([one], [other]) => one - other);
    const written = rising.map(([key, value]) => Buffer.concat([Buffer.from([0, key, 0, value.length]), value]));
    return Buffer.concat([Buffer.from([0, 1, 0]), ...written]);
  });
  const property = fc
    .tuple(fc.stringMatching(/^[a-z]{1,9}$/), fc.uint8Array({ maxLength: 30 }))
    .map(([tag, value]) => Buffer.concat([Buffer.from([0, tag.length]), Buffer.from(tag), value]));
  const data = fc.oneof(service, property, fc.uint8Array({ maxLength: 300 }));
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(15, 16, 44, 64, 65, 257), data, (type, bytes) => {
      const { answers } = decoded([goodA, rawAnswer(type, Buffer.from(bytes).toString('hex')), goodA]);
      expect([answers[0], answers.at(-1)]).toMatchObject([{ address: '192.0.2.1' }, { address: '192.0.2.1' }]);
      expect(JSON.stringify(answers).length).toBeLessThan(10_000);
      seen.add(answers[1]?.type ?? '');
    }),
    { numRuns: 3_000 },
  );
  expect([...seen]).toEqual(expect.arrayContaining(['HTTPS', 'CAA', 'malformed', 'other']));
});

describe('what a reply says about itself', () => {
  test.each([
    [1, 0, 'BADVERS'],
    [1, 7, 'BADCOOKIE'],
    [2, 1, 'RCODE33'],
    [0, 5, 'REFUSED'],
  ])('extended rcode %i and %i is %s', (extendedRcode, flags, rcode) => {
    const bytes = dnsPacket.encode({ type: 'response', flags, additionals: [{ ...OPT, extendedRcode } as Answer] });
    expect(decodeMessage(bytes).rcode).toBe(rcode);
  });

  const hex = (text: string) => Buffer.from(text).toString('hex');
  test.each<[string, readonly (readonly [number, string])[], object]>([
    ['nothing', [], { ede: undefined, clientSubnet: undefined }],
    [
      'extended errors (RFC 8914)',
      [
        [15, `0016 ${hex('at ns1\u0000')}`],
        [15, '0003'],
        [15, '03e8'],
      ],
      {
        ede: [
          { code: 22, name: 'No Reachable Authority', text: 'at ns1' },
          { code: 3, name: 'Stale Answer', text: '' },
          { code: 1000, name: 'EDE1000', text: '' },
        ],
      },
    ],
    ['an extended error without code', [[15, '00']], { ede: undefined }],
    ['a hundred extended errors', Array.from({ length: 100 }, () => [15, '0000'] as const), { ede: { length: 8 } }],
    ['a long text', [[15, `0000 ${'61'.repeat(1_000)}`]], { ede: [{ text: 'a'.repeat(512) }] }],
    [
      'an IPv4 scope (RFC 7871)',
      [[8, '0001 14 10 c00000']],
      { clientSubnet: { subnet: '192.0.0.0/20', scopePrefix: 16 } },
    ],
    ['an IPv6 scope', [[8, '0002 20 00 20010db8']], { clientSubnet: { subnet: '2001:db8::/32', scopePrefix: 0 } }],
    ['a scope of an unknown family', [[8, '0003 00 00']], { clientSubnet: undefined }],
    ['a scope with missing octets', [[8, '0001 18 00 c0']], { clientSubnet: undefined }],
    ['a scope that is too long', [[8, '0001 21 00 c000020100']], { clientSubnet: undefined }],
  ])('%s', (_, options, read) => {
    const { ede, clientSubnet, answers } = decoded([goodA], optWith(...options));
    expect({ ede, clientSubnet }).toMatchObject(read);
    expect(answers).toHaveLength(1);
  });

  test('an option that runs past the end takes only itself along', () => {
    const bytes = dnsPacket.encode({ type: 'response', additionals: [optWith([3, hex('ns1')], [15, '0016'])] });
    bytes.writeUInt16BE(400, bytes.length - 4);
    expect(decodeMessage(bytes)).toMatchObject({ nsid: 'ns1', edns: true, unreadableRecords: 0 });
    expect(decodeMessage(bytes).ede).toBeUndefined();
  });
});

test.each([
  ['HTTPS', 65],
  ['SVCB', 64],
  ['CAA', 257],
] as const)('a question for %s carries the number %i', (type, number) => {
  const { bytes } = encodeQuery({ name: 'kms.example' as DnsName, type, recursionDesired: true });
  expect(decodeMessage(bytes).question).toEqual({ name: 'kms.example', type: number, class: 1 });
});
