// Owns what several checks conclude about the cut above the leaf zone: what its parent says, and what its own servers say. Pure.
import { type Pointer, pointer } from '../../src/model/finding.ts';
import { compareText, sameText, type WireText } from '../../src/model/text.ts';
import { leafZone } from './derive.ts';
import type { DnsEvidence, ParentEvidence, WalkEnd, ZoneEvidence } from './evidence.ts';

/** The leaf zone as its parent tells it. */
export interface LeafCut {
  readonly leaf: ZoneEvidence;
  readonly parent: ParentEvidence;
  readonly at: Pointer;
}

export interface Unseen {
  readonly outcome: 'not-applicable' | 'not-judged';
  readonly because: string;
}

/** The cut, or why it was not seen. */
export function leafCut(dns: DnsEvidence): LeafCut | Unseen {
  const leaf = leafZone(dns);
  if (leaf === undefined) return { outcome: 'not-judged', because: 'the zone of the name was not found' };
  if (leaf.parent !== undefined) {
    return { leaf, parent: leaf.parent, at: pointer('evidence', 'dns', 'delegation', dns.delegation.length - 1) };
  }
  if (dns.walk === undefined) return { outcome: 'not-judged', because: 'the delegation was not walked' };
  if (dns.walk.state === 'complete') {
    return {
      outcome: 'not-applicable',
      because: 'the servers of the zone above serve this one too, so that none refers to it',
    };
  }
  const words = endWords(dns.walk.because);
  return { outcome: 'not-judged', because: `the walk from the root did not reach the zone: ${words}` };
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
  const names = told.flatMap((set) => set.names).toSorted(compareText);
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

function distinct(sorted: readonly WireText[]): readonly WireText[] {
  return sorted.filter((name, index) => sorted.findIndex((other) => sameText(name, other)) === index);
}
