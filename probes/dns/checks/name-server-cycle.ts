// Owns the check that the way to a zone's name servers does not lead through the zone itself.
import { type Check, foundOrPass, type Judged } from '../../../src/contract/check.ts';
import { enumeration, type Phrase, pointer } from '../../../src/model/finding.ts';
import { type DnsName, dnsName, interpret, type WireText } from '../../../src/model/text.ts';
import { cutsOf } from '../cut.ts';
import { digResolver } from '../derive.ts';
import type { DependencyEvidence, DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const nameServerCycle: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-cycle',
  needs: ['dns'],
  severity: 'critical',
  title: 'The name servers can only be found by asking themselves',
  soWhat: 'A resolver that has nothing cached cannot find any of them: the name is gone for it.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Give one zone of the ring a name server within itself, with its address at the registrar (glue), or in a zone outside the ring.',
      ],
    },
  ],
  sources: ['RFC 1034 4.2.2', 'RFC 1912 2.3', 'RFC 9471 2'],
  judge({ dns }) {
    const { walk } = dns;
    const [first, ...rest] = walk?.dependencies ?? [];
    if (first === undefined) return reached(dns);
    const all = [first, ...rest];
    if (leadsOut(first, all, []))
      return { outcome: 'not-judged', because: 'not all zones of the name servers were seen' };
    const ring: Phrase = all.flatMap(({ zone, nameservers }, index) => [
      ...[index === 0 ? '' : '; ', zone, ' is at '],
      ...enumeration(nameservers),
    ]);
    return foundOrPass([
      {
        what: [
          'No name server of ',
          first.zone,
          ' can be found without asking it first: ',
          ...ring,
          ', and no address comes along.',
        ],
        nowWhat: [
          ...(first.nameservers[0] === undefined ? [] : [digResolver(dns, '+trace', first.nameservers[0], 'A')]),
          ...nameServerCycle.nowWhat,
        ],
        evidence: [pointer('evidence', 'dns', 'walk', 'dependencies')],
      },
    ]);
  },
};

/** Nobody looks for a ring where the resolver finds its way. */
function reached(dns: DnsEvidence): Judged {
  const code = dns.lookup.problem?.code;
  if (code === undefined || code === 'nxdomain' || code === 'nodata') {
    return { outcome: 'not-applicable', because: 'the resolver finds its way to the zone' };
  }
  const cut = cutsOf(dns)[0];
  if (cut === undefined) return { outcome: 'not-judged', because: 'the delegation was not walked' };
  return 'outcome' in cut ? cut : { outcome: 'pass' };
}

/** True when some name server of the zone may be found by a way that does not come back; a way that was not followed may. */
function leadsOut(at: DependencyEvidence, all: readonly DependencyEvidence[], passed: readonly DnsName[]): boolean {
  if (at.addresses > 0) return true;
  if (at.nameservers.length === 0) return true;
  return at.nameservers.some((name) => {
    const next = zoneOf(name, all);
    if (next === null) return true;
    return next.zone !== at.zone && !passed.includes(next.zone) && leadsOut(next, all, [...passed, at.zone]);
  });
}

function zoneOf(name: WireText, all: readonly DependencyEvidence[]): DependencyEvidence | null {
  const host = interpret(name, dnsName);
  if (host === null) return null;
  const holding = all.filter(({ zone }) => host === zone || host.endsWith(`.${zone}`));
  return holding.toSorted((a, b) => b.zone.length - a.zone.length)[0] ?? null;
}
