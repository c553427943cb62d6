// Owns what several checks conclude about the cuts above the zones of the chain: what a parent says, and what the zone's own servers say. Pure.
import { foundOrPass, type Judged, type Seen } from '../../src/contract/check.ts';
import type { Pointer } from '../../src/model/finding.ts';
import { distinct, sameText, type WireText } from '../../src/model/text.ts';
import { type PlacedZone, placedZones } from './derive.ts';
import type { DnsEvidence, ParentEvidence, WalkEnd, WalkEvidence, ZoneEvidence } from './evidence.ts';

/** A zone of the chain as its parent tells it. */
export interface Cut {
  readonly zone: ZoneEvidence;
  readonly parent: ParentEvidence;
  readonly at: Pointer;
}

export interface Unseen {
  readonly outcome: 'not-applicable' | 'not-judged';
  readonly because: string;
}

/**
 * `judge` over the cut above the zone of the canonical name, and above those of its aliases. Absence never passes: a cut that was looked
 * for and not seen leaves the check unjudged, unless something is found at another.
 */
export function judgeCuts(dns: DnsEvidence, judge: (cut: Cut) => readonly Seen[] | Unseen): Judged {
  const judged = cutsOf(dns).map((cut) => ('outcome' in cut ? cut : judge(cut)));
  const seen = judged.flatMap((one) => ('outcome' in one ? [] : one));
  const unseen = judged.filter((one): one is Unseen => 'outcome' in one);
  const worst =
    unseen.find(({ outcome }) => outcome === 'not-judged') ?? (unseen.length === judged.length && unseen[0]);
  return seen.length === 0 && worst ? worst : foundOrPass(seen);
}

/** Each cut, that of the canonical name first, or why it was not seen. */
export function cutsOf(dns: DnsEvidence): readonly (Cut | Unseen)[] {
  const placed = placedZones(dns);
  const leaf = dns.delegation.length === 0 ? undefined : placed[0];
  const aliases = leaf === undefined ? placed : placed.slice(1);
  const main = leaf === undefined ? unfound : cutAt(leaf, dns.walk);
  // Journeys before there were walks to them looked for no other cut.
  if (dns.aliasWalks === undefined) return [main];
  const walks = dns.aliasWalks;
  return [
    main,
    ...aliases.map((one) =>
      cutAt(
        one,
        walks.find(({ zone }) => zone === one.zone.zone),
      ),
    ),
  ];
}

const unfound: Unseen = { outcome: 'not-judged', because: 'the zone of the name was not found' };

function cutAt({ zone, at }: PlacedZone, walk: WalkEvidence | undefined): Cut | Unseen {
  if (zone.parent !== undefined) return { zone, parent: zone.parent, at };
  if (walk === undefined) return { outcome: 'not-judged', because: 'the delegation was not walked' };
  if (walk.state === 'complete') {
    return {
      outcome: 'not-applicable',
      because: 'the servers of the zone above serve this one too, so that none refers to it',
    };
  }
  const words = endWords(walk.because);
  return { outcome: 'not-judged', because: `the walk from the root did not reach the zone: ${words}` };
}

/** A zone, for the beginning of a sentence. */
export function zoneWords(zone: string): string {
  return zone === '.' ? 'The root' : `The zone ${zone}`;
}

/** Why a walk ended, for the end of a sentence. */
export function endWords(because: WalkEnd | null): string {
  switch (because) {
    case null:
      return 'it reached the zone';
    case 'no-root-servers':
      return 'the resolver names no root servers';
    case 'no-answer':
      return 'no server there answered with a referral';
    case 'no-addresses':
      return 'nobody tells an address of its name servers';
    case 'upward-referral':
      return 'the servers there refer back to a zone above';
    case 'referral-loop':
      return 'the servers there refer to themselves';
    case 'other-zone':
      return 'seen from the root the name is in another zone than the resolver tells';
    case 'too-deep':
      return 'there are too many zones on the way';
    case 'too-many-queries':
      return 'it would have taken too many queries';
    case 'stopped':
      return 'it was stopped';
  }
}

/** The NS set of the zone as its own servers tell it: all names that any of them has; null when none told. */
export function ownNsSet(leaf: ZoneEvidence): { names: readonly WireText[]; ttlSeconds: number } | null {
  const told = leaf.nameservers
    // What a server says that the zone has left behind is not the zone's word.
    .flatMap(({ byAddress, listedBy }) => (listedBy === undefined ? byAddress : []))
    .flatMap(({ nsNames, nsTtlSeconds }) =>
      nsNames === undefined ? [] : [{ names: nsNames, ttl: nsTtlSeconds ?? 0 }],
    );
  if (told.length === 0) return null;
  const names = told.flatMap((set) => set.names);
  return { names: distinct(names), ttlSeconds: Math.max(...told.map((set) => set.ttl)) };
}

/** How long a change of name servers may take to be seen: the longer of both NS sets' lives. Null when neither is known. */
export function nsLife(leaf: ZoneEvidence | undefined): { seconds: number; parent: boolean } | null {
  const own = leaf === undefined ? null : (ownNsSet(leaf)?.ttlSeconds ?? null);
  const above = leaf?.parent?.ttlSeconds ?? null;
  if (own === null && above === null) return null;
  return (above ?? -1) >= (own ?? -1) ? { seconds: above ?? 0, parent: true } : { seconds: own ?? 0, parent: false };
}

/** Those of the one list that the other lacks. */
export function missing(names: readonly WireText[], from: readonly WireText[]): readonly WireText[] {
  return names.filter((name) => !from.some((other) => sameText(name, other)));
}
