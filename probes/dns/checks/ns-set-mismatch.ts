// Owns the check that the zone and its parent name the same name servers.
import type { Check, Seen } from '../../../src/contract/check.ts';
import { enumeration, type Phrase, pointer } from '../../../src/model/finding.ts';
import type { WireText } from '../../../src/model/text.ts';
import { type Cut, judgeCuts, missing, ownNsSet, zoneWords } from '../cut.ts';
import { dig } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { anyOf } from '../parent-lists.ts';

export const nsSetMismatch: Check<DnsFacts, DnsPolicy> = {
  id: 'ns-set-mismatch',
  needs: ['dns'],
  severity: 'warning',
  title: 'The zone and its parent name different name servers',
  soWhat:
    'Resolvers begin with the parent’s list and may go on with the zone’s own: which servers they ask is left to chance.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Make the list at the registrar (or in the zone above) and the NS records of the zone the same.'],
    },
  ],
  sources: ['RFC 1034 4.2.2', 'RFC 1912 2.3', 'RFC 9471'],
  judge({ dns }) {
    return judgeCuts(dns, (cut) => {
      const own = ownNsSet(cut.zone);
      if (own === null) return { outcome: 'not-judged', because: 'no name server of the zone told its NS records' };
      const { nameservers } = anyOf(cut.parent, cut.zone.zone);
      const above = missing(nameservers, own.names);
      const below = missing(own.names, nameservers);
      return above.length + below.length === 0 ? [] : [mismatch(dns, cut, above, below)];
    });
  },
};

function mismatch(
  dns: DnsEvidence,
  { zone: leaf, parent, at }: Cut,
  above: readonly WireText[],
  below: readonly WireText[],
): Seen {
  const { zone, server } = parent;
  const first: Phrase =
    above.length === 0
      ? [zoneWords(zone), ' does not name ', ...enumeration(below), ', which ', leaf.zone, ' itself lists']
      : [
          ...[zoneWords(zone), ' delegates ', leaf.zone, ' to ', ...enumeration(above)],
          ', which the zone itself does not list',
        ];
  const second: Phrase =
    above.length > 0 && below.length > 0 ? [', and not to ', ...enumeration(below), ', which it does'] : [];
  const asked = leaf.nameservers.flatMap(({ byAddress }) => byAddress).find(({ nsNames }) => nsNames !== undefined);
  const own = asked === undefined ? [] : [dig(asked.address, dns.authorityPort, '+norecurse', leaf.zone, 'NS')];
  return {
    what: [...first, ...second, '.'],
    nowWhat: [dig(server.address, dns.authorityPort, '+norecurse', leaf.zone, 'NS'), ...own, ...nsSetMismatch.nowWhat],
    evidence: [`${at}${pointer('parent', 'nameservers')}` as typeof at, at],
  };
}
