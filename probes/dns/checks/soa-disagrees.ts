// Owns the check that the servers of a zone tell the same of it beside the serial: primary, mailbox, timers.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { Phrase } from '../../../src/model/finding.ts';
import { textKey } from '../../../src/model/text.ts';
import { dig, type PlacedServer, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, SoaEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { operatorsOf } from '../provider.ts';

export const soaDisagrees: Check<DnsFacts, DnsPolicy> = {
  id: 'soa-disagrees',
  needs: ['dns'],
  severity: 'notice',
  title: 'Name servers tell different SOA records',
  soWhat: 'They do not hold one zone: a change made at one primary may never reach the others.',
  nowWhat: [{ kind: 'change', text: ['Look which primary each server transfers the zone from, and make it one.'] }],
  sources: ['RFC 1035 3.3.13', 'RFC 1912 2.2', 'RFC 2182 4.3'],
  judge({ dns }) {
    const zones = placedZones(dns);
    const told = zones.map((zone) => ({ zone, tellers: tellersOf(zone) }));
    if (told.every(({ tellers }) => tellers.length === 0)) {
      return { outcome: 'not-applicable', because: 'the journey kept no SOA record of any name server' };
    }
    // Of several operators each writes a primary and timers of its own; the zone is filled from elsewhere.
    const comparable = told.filter(({ zone, tellers }) => tellers.length > 1 && operatorsIn(zone) < 2);
    if (comparable.length === 0) {
      return { outcome: 'not-applicable', because: 'only one name server, or one of each operator, told a SOA record' };
    }
    return foundOrPass(comparable.flatMap(({ tellers }) => disagreement(dns, tellers)));
  },
};

interface Teller extends PlacedServer {
  readonly soa: SoaEvidence;
}

function tellersOf({ servers }: PlacedZone): readonly Teller[] {
  return servers.flatMap((one) => (one.server.soa === undefined ? [] : [{ ...one, soa: one.server.soa }]));
}

function operatorsIn({ zone }: PlacedZone): number {
  return operatorsOf(zone.nameservers.map(({ name }) => name)).length;
}

const fields: readonly (readonly [name: string, of: (soa: SoaEvidence) => Phrase[number]])[] = [
  ['primary', ({ primary }) => primary],
  ['mailbox', ({ mailbox }) => mailbox],
  ['refresh', ({ refreshSeconds }) => refreshSeconds],
  ['retry', ({ retrySeconds }) => retrySeconds],
  ['expire', ({ expireSeconds }) => expireSeconds],
  ['minimum', ({ minimumSeconds }) => minimumSeconds],
];

function disagreement(dns: DnsEvidence, tellers: readonly Teller[]): readonly Seen[] {
  const [first] = tellers;
  if (first === undefined) return [];
  const key = (soa: SoaEvidence, of: (typeof fields)[number][1]) => {
    const value = of(soa);
    return typeof value === 'number' || typeof value === 'string' ? value : textKey(value);
  };
  const other = tellers.find(({ soa }) => fields.some(([, of]) => key(soa, of) !== key(first.soa, of)));
  if (other === undefined) return [];
  const differing = fields.filter(([, of]) => key(other.soa, of) !== key(first.soa, of));
  const said = ({ nameserver, server, soa }: Teller): Phrase => [
    ...differing.flatMap(([name, of], index) => [`${index === 0 ? '' : ', '}${name} `, of(soa)]),
    ...[' at ', nameserver.name, ' (', server.address, ')'],
  ];
  const behind = other.soa.serial === first.soa.serial ? '' : ' Their serials differ too.';
  return [
    {
      what: ['The SOA record of ', first.soa.zone, ' says ', ...said(first), ', but ', ...said(other), `.${behind}`],
      nowWhat: [
        ...[first, other].map(({ server }) =>
          dig(server.address, dns.authorityPort, '+norecurse', first.soa.zone, 'SOA'),
        ),
        ...soaDisagrees.nowWhat,
      ],
      evidence: [first.at, other.at],
    },
  ];
}
