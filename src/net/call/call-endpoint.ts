// Owns to which address one request goes: the first that DNS gives and that may be gone to. Sends nothing but questions.
import type { CallRequest } from '../../contract/call.ts';
import type { DnsClient } from '../../contract/net.ts';
import { answersMetadata } from '../../model/address-scope.ts';
import { problem } from '../../model/problem.ts';
import { type Endpoint, endpointId, familyOf, type Target } from '../../model/target.ts';
import { type IpAddress, wireText } from '../../model/text.ts';
import type { HopId, Span } from '../../model/trace.ts';
import { reachable } from '../named/named-url.ts';
import { StepFailure } from '../sample/step.ts';

export interface Lookups {
  readonly dns: Pick<DnsClient, 'lookup'>;
  readonly families: readonly (4 | 6)[];
  /** `now()` of the ride's start; spans are relative to it. */
  readonly originMs: number;
}

const OUT_OF_REACH = {
  public: 'its address is not public, and the one before was',
  site: 'its address is of this link, or of a cloud for its metadata',
  any: 'its address is nobody’s',
} as const;
/** @throws StepFailure */
export async function endpointOf(
  { host, isAddress, port }: Target,
  { reach }: Pick<CallRequest, 'reach'>,
  seen: { readonly spans: Partial<Record<HopId, Span>> },
  signal: AbortSignal,
  { dns, families, originMs }: Lookups,
): Promise<Endpoint> {
  const found = isAddress ? null : await dns.lookup(host as Parameters<DnsClient['lookup']>[0], signal);
  if (found !== null) {
    const { startMs, durationMs } = found;
    seen.spans.resolve = { startMs: startMs - originMs, durationMs, clock: 'loop' };
    if (found.problem !== null) throw new StepFailure(found.problem);
  }
  const all = found === null ? [host as IpAddress] : found.addresses.map(({ address }) => address);
  const own = all.filter((one) => families.includes(familyOf(one)));
  if (own.length === 0) throw new StepFailure(problem('nodata', 'resolve'));
  const address = reachableBy(own, reach);
  if (address === null) throw new StepFailure(problem('out-of-reach', 'connect', wireText(OUT_OF_REACH[reach])));
  const ttlSeconds = found?.addresses.find((one) => one.address === address)?.ttlSeconds ?? null;
  const family = familyOf(address);
  return { id: endpointId(address, port), address, port, family, zone: null, zoneSource: null, ttlSeconds };
}

function reachableBy(addresses: readonly IpAddress[], reach: CallRequest['reach']): IpAddress | null {
  if (reach !== 'site') return reachable(addresses, reach);
  const others = addresses.filter((address) => !answersMetadata(address));
  return reachable(others, 'any');
}
