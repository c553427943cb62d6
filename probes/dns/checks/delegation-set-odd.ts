// Owns the check that name servers that look like a provider's can be the provider's.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { enumeration } from '../../../src/model/finding.ts';
import { sameText, type WireText } from '../../../src/model/text.ts';
import { hasRule, type Oddity, odditiesOf } from '../delegation-set.ts';
import { digResolver, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { anyOf } from '../parent-lists.ts';

export const delegationSetOdd: Check<DnsFacts, DnsPolicy> = {
  id: 'delegation-set-odd',
  needs: ['dns'],
  severity: 'warning',
  title: 'The name servers look like a provider’s, but cannot be a set that it hands out',
  soWhat:
    'A mistyped or foreign name server answers nothing, or what a stranger likes: whoever registers its domain speaks for the zone.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Compare the NS records, here and at the registrar, with the name servers that the provider shows for the zone.',
      ],
    },
  ],
  sources: [
    'https://aws.amazon.com/blogs/architecture/a-case-study-in-global-fault-isolation/',
    'https://learn.microsoft.com/azure/dns/dns-delegate-domain-azure-dns',
  ],
  judge({ dns }) {
    const zones = placedZones(dns).filter(({ zone }) => zone.nameservers.length > 0);
    if (zones.length === 0) return { outcome: 'not-judged', because: 'the name servers of the zone are not known' };
    const lists = zones.flatMap(listsOf);
    const ruled = lists.filter(({ names }) => hasRule(names));
    if (ruled.length === 0) {
      return { outcome: 'not-applicable', because: 'no name server is named by a provider’s known rule' };
    }
    return foundOrPass(
      ruled.flatMap(({ placed, names, known }) =>
        odditiesOf(names)
          .filter((odd) => known === null || !odditiesOf(known).some((other) => isSame(odd, other)))
          .map((odd) => seen(dns, placed, odd)),
      ),
    );
  },
};

interface List {
  readonly placed: PlacedZone;
  readonly names: readonly WireText[];
  /** The list that was judged already; what is odd in both is told once. */
  readonly known: readonly WireText[] | null;
}

/** The zone's own list, and its parent's where that is another one: each was handed out, or typed, on its own. */
function listsOf(placed: PlacedZone): readonly List[] {
  const { nameservers, parent } = placed.zone;
  const names = nameservers.filter(({ listedBy }) => listedBy === undefined).map(({ name }) => name);
  const own = { placed, names, known: null };
  return parent === undefined
    ? [own]
    : [own, { placed, names: anyOf(parent, placed.zone.zone).nameservers, known: names }];
}

function isSame(odd: Oddity, other: Oddity): boolean {
  const isAmong = (name: WireText): boolean => other.names.some((one) => sameText(one, name));
  return odd.because === other.because && odd.names.length === other.names.length && odd.names.every(isAmong);
}

function seen(dns: DnsEvidence, { zone, at }: PlacedZone, { operator, names, because }: Oddity): Seen {
  const cannot =
    names.length === 1
      ? [', a name server of ', zone.zone, `, cannot be one of ${operator}`]
      : [', name servers of ', zone.zone, `, cannot be one set of ${operator}`];
  return {
    what: [...enumeration(names), ...cannot, `: ${because}.`],
    nowWhat: [digResolver(dns, '+short', zone.zone, 'NS'), ...delegationSetOdd.nowWhat],
    evidence: [at],
  };
}
