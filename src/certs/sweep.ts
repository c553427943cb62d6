// Owns going from target to target: every address behind each is looked at, a bounded number at once. Judges nothing itself: what one
// target showed is handed on at once and forgotten, so that memory does not grow with the list.
import type { DnsClient } from '../contract/net.ts';
import { endpointsOf } from '../journey/endpoints.ts';
import type { Endpoint, Target } from '../model/target.ts';
import type { DnsName, IpAddress } from '../model/text.ts';
import type { Lookup } from '../model/trace.ts';
import { type Gate, openGate } from '../net/gate.ts';
import type { Look, Looked } from '../net/tls/look.ts';

export interface SweepSettings {
  readonly targets: readonly Target[];
  /** Stop at the first address of a name that shows its certificates. */
  readonly firstAddress: boolean;
  /** Connections under way at once. */
  readonly concurrency: number;
  readonly families: readonly (4 | 6)[];
  /** Instead of the target's own name; null leaves it so. */
  readonly servername: DnsName | null;
}

export interface SweepTools {
  readonly look: Look;
  readonly lookup: DnsClient['lookup'];
  readonly signal: AbortSignal;
}

/** What one target showed. */
export interface Swept {
  readonly target: Target;
  /** Null when the target is an address. */
  readonly lookup: Lookup | null;
  readonly servername: DnsName | null;
  /** Addresses behind the name past the bound of one target. */
  readonly leftOut: number;
  readonly seen: readonly { readonly endpoint: Endpoint; readonly looked: Looked }[];
}

/** Calls `onSwept` for each target, in the order in which they finish. Resolves when nothing is under way any more. */
export async function sweep(
  settings: SweepSettings,
  tools: SweepTools,
  onSwept: (swept: Swept) => Promise<void>,
): Promise<void> {
  const gate = openGate(settings.concurrency);
  const lookup = onceForEach(settings.targets, tools.lookup);
  const targets = settings.targets.values();
  const worker = async (): Promise<void> => {
    for (const target of targets) {
      if (tools.signal.aborted) return;
      await onSwept(await sweepOne(target, settings, { ...tools, lookup }, gate));
    }
  };
  await Promise.all(Array.from({ length: Math.min(settings.concurrency, settings.targets.length) }, worker));
}

/** Ports of one name share its lookup, which is kept until the last of them has it. */
function onceForEach(targets: readonly Target[], lookup: DnsClient['lookup']): DnsClient['lookup'] {
  const left = new Map<string, number>();
  for (const { host } of targets) left.set(host, (left.get(host) ?? 0) + 1);
  const known = new Map<DnsName, ReturnType<DnsClient['lookup']>>();
  return (name, signal) => {
    const answer = known.get(name) ?? lookup(name, signal);
    const others = (left.get(name) ?? 1) - 1;
    left.set(name, others);
    if (others > 0) known.set(name, answer);
    else known.delete(name);
    return answer;
  };
}

async function sweepOne(target: Target, settings: SweepSettings, tools: SweepTools, gate: Gate): Promise<Swept> {
  const { signal, look } = tools;
  const name = target.isAddress ? null : (target.host as DnsName);
  const lookup = name === null ? null : (ownLookup(name) ?? (await tools.lookup(name, signal)));
  const { families } = settings;
  const { ridden, leftOut } = endpointsOf({ target, families, connect: [], zones: [] }, lookup);
  const servername = settings.servername ?? (target.isAddress ? null : (target.host as DnsName));
  const where = { servername, starttls: target.starttls ?? null, host: target.host };
  const lookAt = async (endpoint: Endpoint) => ({
    endpoint,
    looked: await gate(() => look({ ...where, endpoint }, signal)),
  });
  const swept = { target, lookup, servername };
  if (!settings.firstAddress) return { ...swept, leftOut, seen: await Promise.all(ridden.map(lookAt)) };
  const seen: Awaited<ReturnType<typeof lookAt>>[] = [];
  for (const endpoint of ridden) {
    const one = await lookAt(endpoint);
    seen.push(one);
    if (one.looked.facts !== null || signal.aborted) break;
  }
  return { ...swept, leftOut: 0, seen };
}

/** `localhost` and names under it are this machine, whatever a resolver says (RFC 6761 6.3); null for any other name. */
function ownLookup(name: DnsName): Lookup | null {
  if (name !== 'localhost' && !name.endsWith('.localhost')) return null;
  return {
    ...{ startMs: 0, durationMs: 0, resolver: '', aliases: [], canonicalName: name, problem: null },
    addresses: [
      { address: '127.0.0.1' as IpAddress, family: 4, ttlSeconds: 0 },
      { address: '::1' as IpAddress, family: 6, ttlSeconds: 0 },
    ],
    familyProblems: { ipv4: null, ipv6: null },
  };
}
