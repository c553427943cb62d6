import type { Answer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { mixCase, questionName } from '../letter-case.ts';
import { encodeQuery } from '../message.ts';
import { type Asked, OPT, type Respond, reply, startServer, type Where } from './servers.ts';

const KMS = 'a-rather-long-name-of-many-letters.kms.example' as DnsName;
const QUESTION = { name: KMS, type: 'A', recursionDesired: true } as const;
const forever = new AbortController().signal;
const A: Answer = { type: 'A', name: KMS, ttl: 60, data: '192.0.2.1' };

const echoing: Respond = (asked) => reply(asked, { answers: [A] });
/** As a middlebox does that writes questions anew. */
const lowering: Respond = (asked) =>
  reply(asked, { answers: [A], questions: [{ type: 'A', name: asked.name.toLowerCase() }] });
const sentAs = ({ packet }: Asked): string => packet.questions?.[0]?.name ?? '';
const isMixed = (asked: Asked): boolean => sentAs(asked) !== sentAs(asked).toLowerCase();

async function ask(
  respond: Respond,
  { times = 1, timeoutMs = 3_000, mixedCase = true, ...where }: Where & Asking = {},
) {
  await using server = await startServer(respond, where);
  const client = openDnsClient({
    ...{ resolvers: [server.server], timeoutMs, meter: createMeter(), families: [4], mixedCase },
  });
  const attempts = [];
  for (let time = 0; time < times; time++) attempts.push(await client.query(server.server, QUESTION, forever));
  return { attempts, asked: server.asked };
}

interface Asking {
  readonly times?: number;
  readonly timeoutMs?: number;
  readonly mixedCase?: boolean;
}

describe.concurrent('a question in mixed letters', () => {
  test('is sent in other letters each time, and the answer is that of the name', async () => {
    const { attempts, asked } = await ask(echoing, { times: 3 });
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ state: 'complete', value: { caseKept: true, answers: [{ name: KMS }] } });
    }
    expect(new Set(asked.map(sentAs)).size).toBe(3);
    expect(new Set(asked.map((one) => sentAs(one).toLowerCase()))).toEqual(new Set([KMS]));
  });

  test('where it is not wanted it is sent as it is written', async () => {
    const { attempts, asked } = await ask(echoing, { mixedCase: false });
    expect(asked.map(sentAs)).toEqual([KMS]);
    expect(attempts[0]?.state === 'complete' && attempts[0].value).not.toHaveProperty('caseKept');
  });

  test('a server that loses the letters is asked over TCP, believed, and from then on asked in plain ones', async () => {
    const { attempts, asked } = await ask(lowering, { times: 2 });
    expect(attempts).toMatchObject([
      {
        state: 'complete',
        value: {
          caseKept: false,
          transport: 'tcp',
          truncated: false,
          answers: [A.data].map((address) => ({ address })),
        },
      },
      { state: 'complete', value: { caseKept: false, transport: 'udp' } },
    ]);
    expect(attempts[0]?.tries).toMatchObject([
      { transport: 'udp', outcome: 'NOERROR', caseKept: false },
      { transport: 'tcp', outcome: 'NOERROR', caseKept: false },
    ]);
    expect(asked.map((one) => [one.via, isMixed(one)])).toEqual([
      ['udp', true],
      ['tcp', true],
      ['udp', false],
    ]);
  });

  test('a forged reply in other letters loses against the truth over TCP', async () => {
    const forged: Answer = { ...A, data: '203.0.113.6' } as Answer;
    const respond: Respond = (asked) =>
      asked.via === 'tcp'
        ? echoing(asked)
        : reply(asked, { answers: [forged], questions: [{ type: 'A', name: asked.name.toLowerCase() }] });
    const { attempts } = await ask(respond, { times: 2 });
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({
        state: 'complete',
        value: { transport: 'tcp', caseKept: false, answers: [{ address: '192.0.2.1' }] },
      });
    }
  });

  test('without TCP the reply stands, with the fact told', async () => {
    const { attempts } = await ask(lowering, { tcp: (socket) => socket.destroy() });
    expect(attempts).toMatchObject([{ state: 'complete', value: { caseKept: false, transport: 'udp' } }]);
    expect(attempts[0]?.tries).toMatchObject([{ transport: 'udp' }, { transport: 'tcp', outcome: 'dns-unreachable' }]);
  });

  test('a server that is silent over TCP costs a part of the time only', async () => {
    const { attempts } = await ask(lowering, { tcp: () => undefined, timeoutMs: 900 });
    expect(attempts).toMatchObject([{ state: 'complete', value: { caseKept: false } }]);
    expect(attempts[0]?.state === 'complete' && attempts[0].elapsedMs).toBeLessThan(900);
  });

  test('a reply that carries our cookie needs no TCP', async () => {
    const respond: Respond = (asked) => {
      const opt = asked.packet.additionals?.find((record) => record.type === 'OPT') as typeof OPT | undefined;
      const { options } = opt as unknown as { options: { code: number; data: Buffer }[] };
      const cookie = Buffer.concat([options[0]?.data.subarray(0, 8) ?? Buffer.alloc(8), Buffer.alloc(8, 1)]);
      const additionals = [{ ...OPT, options: [{ code: 10, data: cookie }] } as unknown as Answer];
      return reply(asked, { answers: [A], additionals, questions: [{ type: 'A', name: asked.name.toLowerCase() }] });
    };
    const { attempts, asked } = await ask(respond);
    expect(attempts).toMatchObject([{ state: 'complete', value: { caseKept: false, transport: 'udp' } }]);
    expect(asked).toHaveLength(1);
  });

  test('what does not take mixed letters is asked in plain ones at last', async () => {
    const { attempts, asked } = await ask((one) => (isMixed(one) ? null : echoing(one)), { timeoutMs: 900 });
    expect(attempts).toMatchObject([{ state: 'complete', value: { transport: 'udp' }, tries: [{ sent: 3 }] }]);
    expect(asked.map(isMixed)).toEqual([true, true, false]);
  });
});

describe('letters', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
  const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.') as DnsName);

  test('change their case and nothing else', () => {
    fc.assert(
      fc.property(name, (one) => {
        const question = { name: one, type: 'A', recursionDesired: true } as const;
        const [plain, mixed] = [encodeQuery(question), encodeQuery(question, { edns: true, mixedCase: true })];
        expect(questionName(mixed.bytes).toString('latin1').toLowerCase()).toBe(
          questionName(plain.bytes).toString('latin1'),
        );
        expect(mixed.bytes.subarray(12 + questionName(mixed.bytes).length)).toEqual(
          plain.bytes.subarray(12 + questionName(plain.bytes).length),
        );
      }),
    );
  });

  test('each has either case about half the time', () => {
    const counts = Array.from({ length: 26 }, () => 0);
    for (let time = 0; time < 2_000; time++) {
      const alphabet = Buffer.from('abcdefghijklmnopqrstuvwxyz', 'latin1');
      mixCase(alphabet);
      for (const [at, octet] of alphabet.entries()) counts[at] = (counts[at] ?? 0) + (octet < 0x61 ? 1 : 0);
    }
    // Nine standard deviations of a fair coin.
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(9 * Math.sqrt(500));
  });
});
