// Authorities that take what they need not know as they should, and each way in which one does not: what is written down and found.
import { createSocket } from 'node:dgram';
import { type Answer, type OptAnswer, RECURSION_AVAILABLE } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { Given } from '../../../src/contract/check.ts';
import type { Phrase } from '../../../src/model/finding.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { visible } from '../../../src/model/text.ts';
import { AA, type Asked, OPT, type Respond, reply, soa, TC } from '../../../src/net/dns/test/servers.ts';
import { rowsOf } from '../conformance/rows.ts';
import { type DnsEvidence, dnsEvidenceSchema } from '../evidence.ts';
import { judgement } from '../judgement.ts';
import { type DnsPolicy, dnsPolicySchema } from '../options.ts';
import { section } from '../section.ts';
import { play, type Scene } from './scene.ts';
import { a, authority, ns, resolver, type Zone } from './zones.ts';

const FIRST = '127.0.0.11';
const SECOND = '127.0.0.12';
const kms: Zone = {
  zone: 'kms.example',
  records: [
    ...[ns('kms.example', 'ns1.kms.example'), ns('kms.example', 'ns2.kms.example')],
    ...[a('ns1.kms.example', FIRST), a('ns2.kms.example', SECOND), a('kms.example', '192.0.2.1')],
  ],
};

type Parts = NonNullable<Parameters<typeof reply>[1]>;
/** Answers in its own way; undefined leaves the answer to the server that does all rightly. */
type Misbehaviour = (asked: Asked, right: Buffer) => Buffer | readonly Buffer[] | null | undefined;

const opt = ({ packet }: Asked): OptAnswer | undefined =>
  packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
const has = (asked: Asked, code: number): boolean =>
  opt(asked)?.options.some((option) => (option.code as number) === code) ?? false;
const opcode = ({ packet }: Asked): number => ((packet.flags ?? 0) >> 11) & 0xf;
const room = (asked: Asked): number => (asked.via === 'tcp' ? 65_535 : (opt(asked)?.udpPayloadSize ?? 512));
const option = (code: number, data: Buffer): OptAnswer['options'][number] =>
  ({ code, data }) as unknown as OptAnswer['options'][number];
const optWith = (change: Partial<OptAnswer>): Answer => ({ ...OPT, ...change }) as Answer;

/** The client's cookie with a server's half behind it; none for a cookie that is no whole one (RFC 7873 5.2.2 asks for FORMERR). */
function cookieFor(asked: Asked): OptAnswer['options'] {
  const sent = opt(asked)?.options.find((one) => (one.code as number) === 10);
  const data = sent !== undefined && 'data' in sent ? sent.data : undefined;
  if (data === undefined || data.length < 8) return [];
  return [option(10, Buffer.concat([data.subarray(0, 8), Buffer.alloc(16, 7)]))];
}

/** Two texts of 700 bytes: with them an answer is larger than 1232 bytes. */
const large: readonly Answer[] = [1, 2].map((n) => ({
  ...{ type: 'TXT', name: 'kms.example', ttl: 60 },
  data: Array.from({ length: 7 }, () => `${n}`.repeat(100)),
}));

/** A server of the zone that does what the RFCs say: EDNS only to EDNS, BADVERS, NOTIMP, cookies, TC. */
function rightly(asked: Asked): Buffer {
  const additionals = opt(asked) === undefined ? [] : [optWith({ options: cookieFor(asked) })];
  if (opcode(asked) !== 0) return withRcode(reply(asked, { additionals }), 4);
  if ((opt(asked)?.ednsVersion ?? 0) > 0) return reply(asked, { additionals: [optWith({ extendedRcode: 1 })] });
  const own: Record<string, readonly Answer[]> = { SOA: [soa('kms.example')], TXT: large, ANY: [soa('kms.example')] };
  const mine = asked.name.toLowerCase() === 'kms.example' ? own[asked.type] : undefined;
  if (mine === undefined) return withEdns(asked, authority(kms)(asked) as Buffer);
  const whole = reply(asked, { flags: AA, answers: [...mine], additionals });
  return whole.length <= room(asked) ? whole : reply(asked, { flags: AA | TC, additionals });
}

function withRcode(bytes: Buffer, rcode: number): Buffer {
  bytes[3] = ((bytes[3] ?? 0) & 0xf0) | rcode;
  return bytes;
}

/** The records of the test's zone come with an OPT record; to a question without EDNS it is cut off (11 bytes at the end). */
function withEdns(asked: Asked, bytes: Buffer): Buffer {
  if (opt(asked) !== undefined) return bytes;
  bytes.writeUInt16BE(0, 10);
  return bytes.subarray(0, -11);
}

const again = (asked: Asked, parts: Parts): Buffer =>
  reply(asked, { flags: AA, answers: [soa('kms.example')], ...parts });
const ednsOnly = (asked: Asked): Parts => ({ additionals: opt(asked) === undefined ? [] : [OPT] });
const isPlain = (asked: Asked): boolean => opt(asked) === undefined && asked.via === 'udp' && opcode(asked) === 0;

const misbehaviours: readonly (readonly [says: string, Misbehaviour, Readonly<Record<string, readonly string[]>>])[] = [
  ['nothing', () => undefined, {}],
  [
    'EDNS version 1 taken for 0',
    (asked) => (opt(asked)?.ednsVersion === 1 ? again(asked, ednsOnly(asked)) : undefined),
    { 'name-server-edns': ['notice', 'to EDNS version 1 it answers NOERROR, not BADVERS'] },
  ],
  [
    'silence to EDNS version 1',
    (asked) => (opt(asked)?.ednsVersion === 1 ? null : undefined),
    { 'name-server-edns': ['notice', 'to EDNS version 1 it gives no answer'] },
  ],
  [
    'silence to an unknown option',
    (asked) => (has(asked, 100) ? null : undefined),
    { 'name-server-edns': ['warning', 'to an unknown EDNS option it gives no answer'] },
  ],
  [
    'REFUSED to an unknown option',
    (asked) => (has(asked, 100) ? reply(asked, { rcode: 'REFUSED' }) : undefined),
    { 'name-server-edns': ['warning', 'to an unknown EDNS option it answers REFUSED'] },
  ],
  [
    'an unknown option sent back',
    (asked) =>
      has(asked, 100)
        ? again(asked, { additionals: [optWith({ options: [option(100, Buffer.alloc(0))] })] })
        : undefined,
    { 'name-server-edns': ['notice', 'to an unknown EDNS option it sends the option back'] },
  ],
  [
    'an unknown flag sent back',
    (asked) =>
      (opt(asked)?.flags ?? 0) & 0x40 ? again(asked, { additionals: [optWith({ flags: 0x40 })] }) : undefined,
    { 'name-server-edns': ['notice', 'to an unknown EDNS flag it sends the flag back'] },
  ],
  [
    'FORMERR to all EDNS',
    (asked) => (opt(asked) === undefined ? undefined : reply(asked, { rcode: 'FORMERR', additionals: [] })),
    { 'name-server-edns': ['notice', 'it speaks no EDNS'] },
  ],
  [
    'EDNS to a question without',
    (asked) => (isPlain(asked) && asked.type === 'SOA' && !asked.packet.flag_z ? again(asked, {}) : undefined),
    { 'name-server-edns': ['notice', 'to a question without EDNS it sends EDNS unasked'] },
  ],
  [
    'NXDOMAIN to an unknown type',
    (asked) => (asked.type === 'UNKNOWN_65280' ? reply(asked, { rcode: 'NXDOMAIN', additionals: [] }) : undefined),
    { 'name-server-nonconformant': ['notice', 'to an unknown record type it answers NXDOMAIN, not an empty NOERROR'] },
  ],
  [
    'silence to an unknown opcode',
    (asked) => (opcode(asked) === 15 ? null : undefined),
    { 'name-server-nonconformant': ['notice', 'to an unknown opcode it gives no answer'] },
  ],
  [
    'the reserved bit sent back',
    (asked, right) => {
      if (!asked.packet.flag_z) return undefined;
      right[3] = (right[3] ?? 0) | 0x40;
      return right;
    },
    { 'name-server-nonconformant': ['notice', 'to the reserved header bit it sends the bit back'] },
  ],
  [
    'silence to a cookie',
    (asked) => (has(asked, 10) && (opt(asked)?.options.length ?? 0) === 1 && asked.type === 'SOA' ? null : undefined),
    {
      'name-server-edns': [],
      'name-server-nonconformant': [
        'notice',
        'to a cookie it gives no answer; to a malformed cookie it gives no answer',
      ],
    },
  ],
  [
    'the letters of the question changed',
    (_, right) => {
      const at = right.indexOf('KmS', 0, 'latin1');
      if (at !== 13) return undefined;
      return Buffer.concat([right.subarray(0, 13), Buffer.from('kms\u0007example'), right.subarray(24)]);
    },
    { 'name-server-nonconformant': ['notice', 'it changes the letters of the question'] },
  ],
  [
    'bytes behind the message',
    (_, right) => Buffer.concat([right, Buffer.alloc(5)]),
    { 'name-server-nonconformant': ['notice', '5 bytes stand behind its messages'] },
  ],
  [
    'more over UDP than fits',
    (asked) => (asked.type === 'TXT' ? reply(asked, { flags: AA, answers: [...large] }) : undefined),
    { 'name-server-nonconformant': ['notice', 'bytes over UDP where 1232 fit'] },
  ],
  [
    'large answers lost over UDP',
    (asked) => (asked.type === 'TXT' && room(asked) === 4096 ? null : undefined),
    { 'name-server-large-answers-lost': ['notice', 'is lost with room for 4096 bytes and comes with 1232'] },
  ],
  [
    'even usual answers lost over UDP',
    (asked) => (asked.type === 'TXT' && asked.via === 'udp' && room(asked) > 512 ? null : undefined),
    { 'name-server-large-answers-lost': ['warning', 'is lost with room for 1232 bytes and comes with 512'] },
  ],
];

const CHECKS: ReadonlySet<string> = new Set([
  'name-server-edns',
  'name-server-large-answers-lost',
  'name-server-nonconformant',
  'name-server-lame',
]);

describe('a name server', () => {
  test.concurrent.each(misbehaviours)('%s', async (says, misbehaviour, found) => {
    const dns = await seen({ authorities: { [FIRST]: rightly, [SECOND]: odd(misbehaviour) }, options: WHOLE });
    const told = findings(dns);
    const expected = Object.entries(found).filter(([, words]) => words.length > 0);
    expect(Object.keys(told).toSorted(), says).toEqual(expected.map(([id]) => id).toSorted());
    for (const [id, [severity, words]] of expected) {
      expect(told[id]?.severity).toBe(severity);
      expect(told[id]?.what).toContain(words);
      expect(told[id]?.what).toContain(SECOND);
    }
  });

  test('that takes all rightly gives these facts', async () => {
    const dns = await seen({ authorities: { [FIRST]: rightly, [SECOND]: rightly }, options: WHOLE });
    const rows = serverAt(dns, FIRST)?.conformance;
    expect(
      rows && Object.fromEntries(rowsOf(rows).map(({ row, outcome, says }) => [row, `${outcome}: ${says}`])),
    ).toEqual({
      ...{ plain: 'ok: ok', edns: 'ok: ok', 'edns-version': 'ok: ok', 'edns-option': 'ok: ok', 'edns-flag': 'ok: ok' },
      ...{ large: 'ok: ok, TXT of 1500 bytes, cut where it must be', cookie: 'fact: returned' },
      ...{ 'bad-cookie': 'fact: passed over', 'unknown-type': 'ok: ok', opcode: 'ok: ok', 'reserved-bit': 'ok: ok' },
      ...{ any: 'fact: minimal', letters: 'ok: ok, answers in its own', trailing: 'ok: ok', pipeline: 'ok: ok' },
    });
    const table = section(dns).blocks.find(
      (block) => block.kind === 'table' && block.columns[0] === 'name servers take',
    );
    expect(table).toMatchObject({ rows: expect.arrayContaining([['EDNS version 1', '2 of 2', 'ok']]) });
  });

  test('that has no large record set shows nothing of large answers', async () => {
    const small: Respond = (asked) => (asked.type === 'TXT' ? reply(asked, { flags: AA }) : rightly(asked));
    const dns = await seen({ authorities: { [FIRST]: small, [SECOND]: small }, options: WHOLE });
    const rows = rowsOf(serverAt(dns, FIRST)?.conformance ?? { trials: [] });
    expect(rows.find(({ row }) => row === 'large')).toMatchObject({
      outcome: 'fact',
      says: expect.stringMatching(/^none to try: TXT has \d+ bytes$/),
    });
  });

  test('is asked three such questions when nothing is said, and none when none are wanted', async () => {
    const authorities = { [FIRST]: rightly, [SECOND]: rightly };
    const few = await seen({ authorities, options: { policyQueries: 0 } });
    const trials = serverAt(few, FIRST)?.conformance?.trials.map(({ trial }) => trial);
    expect(trials).toEqual(['plain', 'edns-version', 'edns-option']);
    const none = await seen({ authorities, options: { policyQueries: 0, conformance: 'none' } });
    expect(serverAt(none, FIRST)).not.toHaveProperty('conformance');
    expect(outcomes(none)['name-server-edns']).toBe('not-applicable');
  });

  test('that is silent to EDNS alone is told from one that is silent', async () => {
    const deaf: Respond = (asked) => (opt(asked) === undefined ? rightly(asked) : null);
    const dns = await seen({ authorities: { [FIRST]: rightly, [SECOND]: deaf } });
    expect(serverAt(dns, SECOND)).toMatchObject({ error: 'dns-timeout', plainReply: { from: null } });
    expect(findings(dns)).toMatchObject({
      'name-server-edns': { severity: 'warning', what: expect.stringContaining('to EDNS it gives no answer, without') },
      'name-server-lame': { severity: 'warning', what: expect.stringContaining('answers only without EDNS') },
    });
    const silent = await seen({ authorities: { [FIRST]: rightly, [SECOND]: () => null } });
    expect(serverAt(silent, SECOND)).not.toHaveProperty('plainReply');
  });

  test('that answers from another address is told, and its answer not believed', async () => {
    const dns = await seenFromElsewhere();
    expect(serverAt(dns, SECOND)).toMatchObject({
      error: 'dns-timeout',
      plainReply: { from: '127.0.0.13' },
      answers: [],
    });
    expect(findings(dns)['name-server-lame']?.what).toContain('its reply comes from 127.0.0.13 and not');
  });
});

const lameness: readonly (readonly [says: string, Respond, words: string])[] = [
  ['NOTAUTH', (asked) => withRcode(reply(asked), 9), 'no authority for the zone (NOTAUTH)'],
  ['NXDOMAIN', (asked) => reply(asked, { rcode: 'NXDOMAIN' }), 'no such zone (NXDOMAIN)'],
  ['SERVFAIL', (asked) => reply(asked, { rcode: 'SERVFAIL' }), 'fails to serve the zone (SERVFAIL)'],
  ['REFUSED', (asked) => reply(asked, { rcode: 'REFUSED' }), 'refused the query'],
  ['data without AA', (asked) => again(asked, { flags: 0 }), 'without authority (AA)'],
  ['a cached answer', (asked) => again(asked, { flags: RECURSION_AVAILABLE }), 'from a cache'],
  ['another zone', (asked) => reply(asked, { flags: AA, authorities: [soa('other.example')] }), 'for another zone'],
  ['silence', () => null, 'no DNS answer in time'],
];

describe('a lame server', () => {
  test.concurrent.each(lameness)('says %s', async (_, respond, words) => {
    const dns = await seen({ authorities: { [FIRST]: rightly, [SECOND]: respond } });
    expect(findings(dns)['name-server-lame']?.what).toContain(words);
  });

  test('is a closed port', async () => {
    const dns = await seen({ authorities: { [FIRST]: rightly } });
    expect(findings(dns)['name-server-lame']?.what).toContain('nothing listens at its port (ICMP: port unreachable)');
  });
});

const WHOLE = { policyQueries: 0, conformance: 'whole' } as const;

function odd(misbehaviour: Misbehaviour): Respond {
  return (asked) => {
    const right = rightly(asked);
    const own = misbehaviour(asked, right);
    return own === undefined ? right : own;
  };
}

async function seen(scene: Partial<Scene> & Pick<Scene, 'authorities'>): Promise<DnsEvidence> {
  const { attempt } = await play({
    name: 'kms.example',
    resolver: resolver(kms),
    options: { policyQueries: 0 },
    ...scene,
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return dnsEvidenceSchema.parse(JSON.parse(JSON.stringify(attempt.value)));
}

/** The second server hears at its address and speaks from another one. */
async function seenFromElsewhere(): Promise<DnsEvidence> {
  const mouth = createSocket('udp4');
  await new Promise<void>((resolve) => mouth.bind(0, '127.0.0.13', resolve));
  const ear = createSocket('udp4');
  try {
    return await seen({
      authorities: { [FIRST]: rightly },
      ready: async (port) => {
        ear.on('message', (bytes, from) => {
          const answer = Buffer.from(bytes);
          answer[2] = (answer[2] ?? 0) | 0x84;
          mouth.send(answer, from.port, from.address);
        });
        await new Promise<void>((resolve) => ear.bind(port, SECOND, resolve));
      },
    });
  } finally {
    ear.close();
    mouth.close();
  }
}

function serverAt({ delegation }: DnsEvidence, address: string) {
  return delegation
    .at(-1)
    ?.nameservers.flatMap(({ byAddress }) => byAddress)
    .find((server) => server.address === address);
}

const given: Given<DnsPolicy> = {
  ...{ policy: dnsPolicySchema.parse({}), asOfMs: 0, target: parseTarget('kms.example'), endpoints: [], hops: [] },
};

function outcomes(dns: DnsEvidence): Readonly<Record<string, string>> {
  return Object.fromEntries(judgement.checks.map((check) => [check.id, check.judge({ dns }, given).outcome]));
}

/** Of the checks under test, the first sight of each. */
function findings(dns: DnsEvidence): Readonly<Record<string, { readonly severity: string; readonly what: string }>> {
  const checks = judgement.checks.filter(({ id }) => CHECKS.has(id));
  return Object.fromEntries(
    checks.flatMap((check) => {
      const judged = check.judge({ dns }, given);
      if (judged.outcome !== 'found') return [];
      const [first] = judged.seen;
      return [[check.id, { severity: first.severity ?? check.severity, what: words(first.what) }]];
    }),
  );
}

function words(phrase: Phrase): string {
  return phrase.map((piece) => (typeof piece === 'number' ? String(piece) : visible(piece))).join('');
}
