// Owns going through steps in a test: the probe's own gather over a real wire, against servers of the test.
import { parseAt } from '../../../src/config/refusal.ts';
import type { GatherContext } from '../../../src/contract/probe.ts';
import { type Endpoint, endpointId, parseTarget } from '../../../src/model/target.ts';
import type { DnsName, IpAddress } from '../../../src/model/text.ts';
import type { Lookup } from '../../../src/model/trace.ts';
import { type CallOptions, openCall } from '../../../src/net/call/call.ts';
import { now } from '../../../src/net/clock.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { rootPem } from '../../../src/net/sample/test/servers.ts';
import { openTalk } from '../../../src/net/talk/talk.ts';
import type { StepsEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { stepsOptions } from '../options.ts';

export const HOST = 'sampled.example';
/** All names lead to the servers of the test. */
const ADDRESS = '127.0.0.61' as IpAddress;

export async function goThrough(url: string, given: unknown, signal = new AbortController().signal) {
  const options = parseAt(stepsOptions, given, (path) => path.join('.'));
  const target = parseTarget(url);
  const meter = createMeter();
  const answer: Omit<Lookup, 'startMs'> = {
    ...{ durationMs: 1, resolver: 'test', aliases: [], canonicalName: HOST as DnsName, problem: null },
    addresses: [{ address: ADDRESS, family: 4, ttlSeconds: 30 }],
    familyProblems: { ipv4: null, ipv6: null },
  };
  const dns = { lookup: () => Promise.resolve({ startMs: now(), ...answer }) };
  const wire: CallOptions = {
    ...{ target, servername: HOST as DnsName, identity: null, http: 'negotiated', families: [4, 6], meter, dns },
    ...{ trust: { caPem: [rootPem], insecure: false }, timeoutMs: 2_000, userAgent: 'steps-test' },
    ...{ originMs: now(), startedAtMs: Date.now(), headerBytes: 32_768 },
  };
  const [opened, talks] = [openCall(wire), openTalk(wire)];
  const endpoint: Endpoint = {
    ...{ id: endpointId(ADDRESS, target.port), address: ADDRESS, port: target.port, family: 4 },
    ...{ zone: null, zoneSource: null, ttlSeconds: null },
  };
  const context = {
    ...{ target, endpoints: [endpoint], lookup: null, ride: { traces: [], lookups: [], certificates: new Map() } },
    ...{ options, earlier: {}, startedAtMs: Date.now(), signal, net: { now, call: opened.call, talk: talks.talk } },
  };
  try {
    return { attempt: await gather(context as unknown as GatherContext<never>), sent: meter.read() };
  } finally {
    await Promise.all([opened.close(), talks.close()]);
  }
}

/** @throws when there is no record */
export async function recordOf(url: string, given: unknown): Promise<StepsEvidence> {
  const { attempt } = await goThrough(url, given);
  if (attempt.state !== 'complete') throw new Error(`the steps are ${attempt.state}`);
  return attempt.value;
}

/** `outcome because` of each step in its last round. */
export function outcomesOf({ steps }: StepsEvidence): readonly string[] {
  return steps.map(({ rounds }) => {
    const last = rounds.at(-1);
    return [last?.outcome, last?.because as unknown as string | null].filter((word) => word != null).join(': ');
  });
}
