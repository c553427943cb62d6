// Owns the comparison of the answers with those of earlier journeys: unchanged, failover, or changed by what cannot be told.
// Pure, and rather silent than wrong: a name that chooses for every answer has not changed because it chose again.
import type { Given } from '../../src/contract/check.ts';
import type { Block } from '../../src/contract/section.ts';
import type { Json } from '../../src/model/json.ts';
import { familyOf } from '../../src/model/target.ts';
import type { IpAddress } from '../../src/model/text.ts';
import { addressesIn, type Health, healthOf } from './earlier.ts';
import type { DnsEvidence } from './evidence.ts';

/** `drawn`: the name chooses among addresses anyway. `changed`: by hand, by a failover, by growth: nothing tells. */
export type OverTimeKind = 'unchanged' | 'failover' | 'changed' | 'drawn';

/** What one journey saw. */
interface Moment {
  /** RFC 3339; null: this journey. */
  readonly at: string | null;
  /** Place in `earlier`; null: this journey. */
  readonly index: number | null;
  readonly name: string;
  readonly addresses: ReadonlyMap<IpAddress, Health>;
  readonly draws: boolean;
}

/** From one journey to the next. */
export interface Change {
  readonly from: Moment;
  readonly to: Moment;
  readonly gone: readonly IpAddress[];
  readonly came: readonly IpAddress[];
  /** Of `gone`: those that failed when they were last ridden. */
  readonly failing: readonly IpAddress[];
  /** Of `gone`: those that answered then. */
  readonly answering: readonly IpAddress[];
}

export interface OverTime {
  readonly kind: OverTimeKind;
  /** RFC 3339, of the first journey that could be compared. */
  readonly since: string;
  /** Journeys compared, this one included. */
  readonly journeys: number;
  readonly changes: readonly Change[];
  readonly signals: readonly string[];
}

/** Null when no earlier journey was given, or none of them saw an address, or this one did not. */
export function overTime(
  dns: DnsEvidence,
  { endpoints, hops }: Pick<Given<unknown>, 'endpoints' | 'hops'>,
): OverTime | null {
  const moments = [...earlierMoments(dns), momentNow(dns, endpoints, hops)].filter(
    ({ addresses }) => addresses.size > 0,
  );
  const [first] = moments;
  if (first?.at == null || moments.at(-1)?.at !== null) return null;
  const pairs = moments.slice(1).flatMap((to, index) => {
    const from = moments[index];
    return from === undefined ? [] : [{ from, to }];
  });
  const compared = pairs.map(({ from, to }) => compare(from, to));
  const changes = compared.filter((one) => one !== 'drawn').filter(isChange);
  const told = { since: first.at, journeys: moments.length, changes };
  if (changes.length > 0) return { ...told, ...byWhat(changes, keptFailing(pairs)) };
  if (compared.includes('drawn')) {
    return { ...told, kind: 'drawn', signals: ['the name chooses among addresses for every answer'] };
  }
  return {
    ...told,
    kind: 'unchanged',
    signals: [`the same addresses in ${moments.length} journeys`, ...keptFailing(pairs)],
  };
}

function earlierMoments({ earlier = [] }: DnsEvidence): readonly Moment[] {
  return earlier.map(({ startedAt, canonicalName, addresses, policy }, index) => ({
    at: startedAt,
    index,
    name: canonicalName,
    addresses: new Map(addresses.map(({ address, requests, failures }) => [address, { requests, failures }])),
    draws: policy !== null && policy.setsSeen > 1,
  }));
}

function momentNow(dns: DnsEvidence, endpoints: Given<unknown>['endpoints'], hops: Given<unknown>['hops']): Moment {
  const health = healthOf(endpoints, hops);
  return {
    at: null,
    index: null,
    name: dns.canonicalName,
    addresses: new Map(addressesIn(dns).map((address) => [address, health(address)])),
    draws: (dns.policy?.setsSeen ?? 0) > 1,
  };
}

/**
 * A name that draws shows another part of its addresses now and then: only a journey that shares none with the one before says
 * that they are others. A family that only one of the two asked for (-4) is no change.
 */
function compare(from: Moment, to: Moment): Change | 'drawn' {
  const theirs = familiesOf(to);
  const families = new Set([...familiesOf(from)].filter((family) => theirs.has(family)));
  const within = (moment: Moment) => [...moment.addresses.keys()].filter((one) => families.has(familyOf(one)));
  const [before, after] = [within(from), within(to)];
  const gone = before.filter((address) => !to.addresses.has(address));
  const came = after.filter((address) => !from.addresses.has(address));
  const sharesSome = gone.length < before.length;
  if ((from.draws || to.draws) && sharesSome && gone.length + came.length > 0) return 'drawn';
  const failing = gone.filter((address) => fails(from.addresses.get(address)));
  const answering = gone.filter((address) => answers(from.addresses.get(address)));
  return { from, to, gone, came, failing, answering };
}

function familiesOf({ addresses }: Moment): ReadonlySet<4 | 6> {
  return new Set([...addresses.keys()].map(familyOf));
}

function isChange({ gone, came, from, to }: Change): boolean {
  return gone.length + came.length > 0 || from.name !== to.name;
}

function fails(health: Health | undefined): boolean {
  return health !== undefined && health.requests > 0 && health.failures * 2 >= health.requests;
}

function answers(health: Health | undefined): boolean {
  return health !== undefined && health.requests > 0 && !fails(health);
}

/** Addresses that failed in one journey and were answered in the next all the same. */
function keptFailing(pairs: readonly { readonly from: Moment; readonly to: Moment }[]): readonly string[] {
  return pairs.flatMap(({ from, to }) =>
    [...from.addresses].flatMap(([address, health]) =>
      fails(health) && to.addresses.has(address)
        ? [`${address} failed at ${when(from)} and was still answered ${later(to)}`]
        : [],
    ),
  );
}

/** A failover moves away from what fails, and only back again from what answers. */
function byWhat(changes: readonly Change[], kept: readonly string[]): Pick<OverTime, 'kind' | 'signals'> {
  const left = new Set<IpAddress>();
  let isFailover = false;
  let isOther = false;
  const signals: string[] = [];
  for (const change of changes) {
    const { from, to, gone, came, failing, answering } = change;
    const isReturn = came.length > 0 && came.every((address) => left.has(address));
    if (failing.length > 0 && failing.length === gone.length) {
      isFailover = true;
      for (const address of gone) left.add(address);
      signals.push(
        `${failing.join(' ')} failed at ${when(from)} and ${failing.length > 1 ? 'are' : 'is'} no longer answered ${later(to)}`,
      );
    } else if (isReturn) {
      signals.push(`${came.join(' ')} is back ${later(to)}, after it had failed and gone`);
    } else {
      isOther = true;
      signals.push(otherSignal(change, answering));
    }
  }
  return { kind: isFailover && !isOther ? 'failover' : 'changed', signals: [...signals, ...kept] };
}

function otherSignal({ from, to, gone, came }: Change, answering: readonly IpAddress[]): string {
  if (gone.length === 0 && came.length === 0)
    return `the alias led to ${from.name} at ${when(from)}, to ${to.name} ${later(to)}`;
  if (answering.length > 0) return `${answering.join(' ')} answered at ${when(from)} and yet went`;
  if (gone.length > 0) return `how ${gone.join(' ')} did at ${when(from)} was not seen`;
  return `${came.join(' ')} came ${later(to)} beside those there were`;
}

function when({ at }: Moment): string {
  return at ?? 'this journey';
}

function later({ at }: Moment): string {
  return at === null ? 'now' : `at ${at}`;
}

/** A clause of the answer; null when there is nothing to say. */
export function overTimeWords(seen: OverTime | null): string | null {
  switch (seen?.kind) {
    case 'failover':
      return `since ${seen.since} the answer moved away from addresses that failed, as a failover does`;
    case 'changed':
      return `since ${seen.since} the answer changed, by what cannot be told`;
    case 'unchanged':
      return `the addresses are those of ${seen.since}`;
    default:
      return null;
  }
}

export function overTimeFacts(
  dns: DnsEvidence,
  given: Pick<Given<unknown>, 'endpoints' | 'hops'>,
): { readonly [name: string]: Json } {
  const seen = overTime(dns, given);
  if (seen === null) return {};
  const { kind, since, journeys, signals } = seen;
  const confidence = kind === 'unchanged' ? 'observed' : 'inferred';
  const changes = seen.changes.map(({ from, to, gone, came }) => ({
    from: from.at,
    to: to.at,
    gone: [...gone],
    came: [...came],
  }));
  return { overTime: { kind, confidence, since, journeys, signals: [...signals], changes } };
}

/** What the earlier journeys saw; how this one did stands in its own tables. */
export function earlierBlocks({ earlier = [] }: DnsEvidence): readonly Block[] {
  if (earlier.length === 0) return [];
  const rows = earlier.map(({ startedAt, addresses, policy }) => {
    const failing = addresses.filter(fails).map(({ address }) => address);
    return [startedAt, addresses.map(({ address }) => address).join(' '), failing.join(' '), policy?.kind ?? null];
  });
  return [{ kind: 'table', columns: ['earlier journey', 'addresses', 'failing then', 'policy'], rows }];
}
