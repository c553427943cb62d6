// Owns the check that the servers of the zone above say the same of a zone.
import type { Check, Seen } from '../../../src/contract/check.ts';
import { enumeration, type Phrase, pointer } from '../../../src/model/finding.ts';
import { familyOf } from '../../../src/model/target.ts';
import { sameText, type WireText } from '../../../src/model/text.ts';
import { type Cut, judgeCuts, missing, zoneWords } from '../cut.ts';
import { dig } from '../derive.ts';
import type { DnsEvidence, DnsFacts, ParentEvidence, ParentViewEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const parentsDisagree: Check<DnsFacts, DnsPolicy> = {
  id: 'parents-disagree',
  needs: ['dns'],
  severity: 'warning',
  title: 'The servers of the zone above delegate the zone differently',
  soWhat: 'Which name servers a resolver is sent to depends on which server above it happens to ask.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Wait for a change at the registry to reach all its servers; if it does not, report the odd server to whoever runs that zone.',
      ],
    },
  ],
  sources: ['RFC 1034 4.2.2', 'RFC 1996 1', 'RFC 9471'],
  judge({ dns }) {
    return judgeCuts(dns, (cut) => {
      const { others } = cut.parent;
      if (others === undefined)
        return { outcome: 'not-applicable', because: 'the journey asked one server above only' };
      const compared = others.filter(({ says }) => says !== 'serves');
      if (compared.length === 0) {
        return { outcome: 'not-applicable', because: 'one server of the zone above delegates it' };
      }
      return compared.flatMap((view) => oddity(dns, cut, view));
    });
  },
};

function oddity(dns: DnsEvidence, { zone: { zone }, parent, at }: Cut, view: ParentViewEvidence): readonly Seen[] {
  const words = differs(zone, parent, view);
  if (words === null) return [];
  const { server } = view;
  return [
    {
      what: [
        zoneWords(parent.zone),
        ' is not of one mind about ',
        zone,
        ': ',
        server.name,
        ` (${server.address}) `,
        ...words,
        '.',
      ],
      nowWhat: [
        dig(server.address, dns.authorityPort, '+norecurse', zone, 'NS'),
        dig(parent.server.address, dns.authorityPort, '+norecurse', zone, 'NS'),
        ...parentsDisagree.nowWhat,
      ],
      evidence: [`${at}${pointer('parent', 'others', (parent.others ?? []).indexOf(view))}` as typeof at, at],
    },
  ];
}

/** How a server differs from the first that referred; null when it does not. */
function differs(zone: string, parent: ParentEvidence, view: ParentViewEvidence): Phrase | null {
  const first: Phrase = [parent.server.name, ` (${parent.server.address})`];
  if (view.says === 'denies') return ['knows no such zone, ', ...first, ' delegates it'];
  if (view.zone !== zone) return ['refers to ', view.zone, ', ', ...first, ' to ', zone];
  const more = missing(view.nameservers, parent.nameservers);
  const less = missing(parent.nameservers, view.nameservers);
  if (more.length + less.length > 0) {
    const names = more.length > 0 ? ['names ', ...enumeration(more)] : [];
    const lacks = less.length > 0 ? ['does not name ', ...enumeration(less)] : [];
    return [...names, ...(names.length > 0 && lacks.length > 0 ? [' and '] : []), ...lacks, ', unlike ', ...first];
  }
  const moved = view.nameservers.find((name) => glueDiffers(name, parent, view));
  if (moved === undefined) return null;
  return [
    'gives ',
    addresses(moved, view).join(', '),
    ' as address of ',
    moved,
    ', ',
    ...first,
    ' gives ',
    addresses(moved, parent).join(', '),
  ];
}

/** Servers may leave addresses out, so that only what both give is compared. */
function glueDiffers(name: WireText, parent: ParentEvidence, view: ParentViewEvidence): boolean {
  return ([4, 6] as const).some((family) => {
    const [a, b] = [parent, view].map((one) => addresses(name, one).filter((address) => familyOf(address) === family));
    return a !== undefined && b !== undefined && a.length > 0 && b.length > 0 && a.join() !== b.join();
  });
}

function addresses(name: WireText, { glue }: Pick<ParentEvidence, 'glue'>) {
  return glue.filter((one) => sameText(one.name, name)).map(({ address }) => address);
}
