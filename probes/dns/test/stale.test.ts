// Resolvers that give old answers, by their own word or by a TTL that does not fall; TTLs that are none.
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { OPT, type Respond, reply } from '../../../src/net/dns/test/servers.ts';
import type { DnsEvidence } from '../evidence.ts';
import { play } from './scene.ts';
import { a, authority, ns, resolver, type Zone } from './zones.ts';

const kms = (ttl: number): Zone => ({
  zone: 'kms.example',
  records: [
    ns('kms.example', 'ns1.kms.example'),
    a('ns1.kms.example', '127.0.0.11'),
    a('kms.example', '192.0.2.1', ttl),
  ],
});

/** Answers for the name's address with the TTLs given, one after the other, the last for ever. */
function ageing(zone: Zone, ttls: readonly number[], additionals: readonly Answer[] = []): Respond {
  let turn = 0;
  return (asked) => {
    if (asked.name.toLowerCase() !== 'kms.example' || asked.type !== 'A') return resolver(zone)(asked);
    const ttl = ttls[Math.min(turn++, ttls.length - 1)] ?? 0;
    return reply(asked, { answers: [a('kms.example', '192.0.2.1', ttl)], additionals: [...additionals] });
  };
}

async function seen(zone: Zone, respond: Respond): Promise<DnsEvidence> {
  const { attempt } = await play({
    name: 'kms.example',
    resolver: respond,
    authorities: { '127.0.0.11': authority(zone) },
    options: { policyQueries: 0, conformance: 'none' },
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return attempt.value;
}

describe('a resolver whose TTL', () => {
  test.concurrent.each<[string, number, readonly number[], number | undefined]>([
    ['stays at 30 s is asked again', 300, [30], 30],
    ['stays at 0 s is asked again', 300, [0], 0],
    ['falls below 30 s is fresh', 300, [30, 30, 28], undefined],
    ['is another is not asked again', 300, [31], undefined],
    ['is that of the authority is not asked again', 30, [30], undefined],
  ])('%s', async (_, whole, ttls, repeated) => {
    const zone = kms(whole);
    const { resolvers = [] } = await seen(zone, ageing(zone, ttls));
    expect(resolvers.map(({ repeatedTtlSeconds }) => repeatedTtlSeconds)).toEqual([repeated]);
  });

  test('says that it is old is believed', async () => {
    const zone = kms(300);
    const stale = { code: 15, data: Buffer.from([0, 3]) };
    const opt = { ...OPT, options: [stale] } as unknown as Answer;
    const { resolvers = [] } = await seen(zone, ageing(zone, [17], [opt]));
    expect(resolvers).toMatchObject([{ extendedErrors: [{ code: 3, name: 'Stale Answer' }] }]);
  });
});

test('a TTL of 2^31 s or more is written down as the zero that it counts as, and as too large', async () => {
  const zone = kms(2 ** 31);
  const { delegation } = await seen(zone, resolver(kms(60)));
  const [server] = delegation.at(-1)?.nameservers.flatMap(({ byAddress }) => byAddress) ?? [];
  expect(server?.answers).toMatchObject([{ type: 'A', ttlSeconds: 0, ttlTooLarge: true }]);
});
