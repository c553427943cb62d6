import type { Answer } from 'dns-packet';
import { expect, test } from 'vitest';
import type { DnsQuestion } from '../../../contract/net.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { OPT, type Respond, reply, startServer } from './servers.ts';

const KEY: Answer = {
  type: 'DNSKEY',
  name: '.',
  ttl: 60,
  data: { flags: 257, algorithm: 8, key: Buffer.alloc(1_000, 7) },
};

async function ask(respond: Respond, dnssec: boolean) {
  await using server = await startServer(respond);
  const client = openDnsClient({ resolvers: [server.server], timeoutMs: 500, families: [4], meter: createMeter() });
  const question: DnsQuestion = { name: '.', type: 'DNSKEY', recursionDesired: true };
  const whole = dnssec ? { ...question, dnssec: true as const } : question;
  const attempt = await client.query(server.server, whole, new AbortController().signal);
  return { attempt, packet: server.asked[0]?.packet };
}

test('signatures are asked for by DO and CD, and the root by its name', async () => {
  const { attempt, packet } = await ask(
    (asked) => reply(asked, { additionals: [{ ...OPT, flags: 0x8000, flag_do: true } as Answer], answers: [KEY] }),
    true,
  );
  expect(packet).toMatchObject({ flag_cd: true, flag_rd: true, additionals: [{ flag_do: true }] });
  expect(attempt).toMatchObject({ state: 'complete', value: { dnssecOk: true, answers: [{ typeName: 'DNSKEY' }] } });
});

test('keys are kept whole, however long', async () => {
  const { attempt } = await ask((asked) => reply(asked, { answers: [KEY] }), true);
  const answer = attempt.state === 'complete' ? attempt.value.answers[0] : undefined;
  expect(answer?.type === 'other' && answer.rdataHex.length).toBe(2 * 1_004);
});

test('otherwise neither bit is set, and a sender that does not know DO is told', async () => {
  const { attempt, packet } = await ask((asked) => reply(asked), false);
  expect(packet).toMatchObject({ flag_cd: false, additionals: [{ flag_do: false }] });
  expect(attempt).toMatchObject({ value: { dnssecOk: false } });
});
