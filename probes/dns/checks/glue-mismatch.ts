// Owns the check that the addresses a referral brings along are those that the name servers have.
import type { Check, Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { familyOf } from '../../../src/model/target.ts';
import { type IpAddress, sameText, type WireText } from '../../../src/model/text.ts';
import { type Cut, judgeCuts, zoneWords } from '../cut.ts';
import { dig, digResolver } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { anyOf } from '../parent-lists.ts';

export const glueMismatch: Check<DnsFacts, DnsPolicy> = {
  id: 'glue-mismatch',
  needs: ['dns'],
  severity: 'warning',
  title: 'The parent gives a wrong address for a name server',
  soWhat:
    'A resolver that knows nothing of the zone yet goes to that address first, and may find nobody or somebody else.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Correct the address of the name server at the registrar (the host object of the domain).'],
    },
  ],
  sources: ['RFC 1034 4.2.1', 'RFC 1912 2.3', 'RFC 9471'],
  judge({ dns }) {
    return judgeCuts(dns, (cut) => {
      if (cut.parent.glue.length === 0) {
        return { outcome: 'not-applicable', because: 'the referral brings no addresses along' };
      }
      const compared = comparable(cut, dns.walk?.found === 'by-walk');
      if (compared.length === 0) {
        return {
          outcome: 'not-judged',
          because: 'the resolver tells no address of a name server that the referral has one for',
        };
      }
      return compared.filter(({ strange }) => strange.length > 0).map((one) => wrong(dns, cut, one));
    });
  },
};

interface Compared {
  readonly name: WireText;
  readonly own: readonly IpAddress[];
  /** Glue addresses that the name server does not have. */
  readonly strange: readonly IpAddress[];
}

/** Name servers with addresses of the same family on both sides: what was not asked for (-4, -6) is not called wrong. */
function comparable({ zone, parent }: Cut, byWalk: boolean): readonly Compared[] {
  const above = anyOf(parent, zone.zone).glue;
  // Where only the parent names a server, or the walk had to find the zone, its address is the glue itself.
  const located = zone.nameservers.filter(
    (one) => one.listedBy === undefined && !(byWalk && one.aliasOf === undefined),
  );
  return located.flatMap(({ name, addresses }) =>
    ([4, 6] as const).flatMap((family) => {
      const own = addresses.filter((address) => familyOf(address) === family);
      const glue = above.filter((one) => sameText(one.name, name) && familyOf(one.address) === family);
      if (own.length === 0 || glue.length === 0) return [];
      return [{ name, own, strange: glue.map(({ address }) => address).filter((address) => !own.includes(address)) }];
    }),
  );
}

function wrong(dns: DnsEvidence, { zone, parent, at }: Cut, { name, own, strange }: Compared): Seen {
  return {
    what: [
      zoneWords(parent.zone),
      ' gives ',
      strange.join(', '),
      ' as address of ',
      name,
      ', which has ',
      own.join(', '),
      '.',
    ],
    nowWhat: [
      dig(parent.server.address, dns.authorityPort, '+norecurse', zone.zone, 'NS'),
      digResolver(dns, name, familyOf(own[0] as IpAddress) === 6 ? 'AAAA' : 'A'),
      ...glueMismatch.nowWhat,
    ],
    evidence: [`${at}${pointer('parent', 'glue')}` as typeof at, at],
  };
}
