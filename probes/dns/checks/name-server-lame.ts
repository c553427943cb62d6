// Owns the check that every name server of the zones on the way answers with authority.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer, type Step } from '../../../src/model/finding.ts';
import { problemCatalogue } from '../../../src/model/problem.ts';
import type { DnsName } from '../../../src/model/text.ts';
import { aboveOnlyWords, dig, errorWords, isOurs, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, NameServerEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { failureWords } from '../server-words.ts';

export const nameServerLame: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-lame',
  needs: ['dns'],
  severity: 'warning',
  title: 'A name server does not serve its zone',
  soWhat: 'Resolvers that try it first wait before they ask another, and the zone has fewer servers than it seems.',
  nowWhat: [
    { kind: 'change', text: ['Repair the server, or take it out of the NS records at the zone and at its parent.'] },
  ],
  sources: ['RFC 1912 2.8', 'RFC 8906', 'RFC 9499 7'],
  judge({ dns }) {
    const zones = placedZones(dns);
    const judged = zones.filter(
      ({ zone, servers }) => zone.nameservers.length > 0 && !servers.every(({ server }) => isOurs(server.error)),
    );
    const seen = zones.flatMap((zone) => lame(dns, zone));
    if (seen.length === 0 && judged.length === 0) {
      return { outcome: 'not-judged', because: 'no name server of the zone could be asked' };
    }
    return foundOrPass(seen);
  },
};

/** Servers written out in a sentence. */
const SHOWN = 4;
const aboveOnly: readonly Step[] = [
  { kind: 'change', text: ['Take the server out of the list at the registrar (or in the zone above).'] },
];

type Placed = PlacedZone['servers'][number];

interface Homeless {
  readonly nameserver: NameServerEvidence;
  readonly index: number;
}

function lame(dns: DnsEvidence, placed: PlacedZone): readonly Seen[] {
  const { zone, servers } = placed;
  const asked = servers.filter(({ server }) => !isOurs(server.error));
  const bad = asked.filter(({ server }) => server.error !== null);
  const homeless = zone.nameservers.flatMap((nameserver, index) =>
    nameserver.addresses.length === 0 && nameserver.error !== null && !isOurs(nameserver.error)
      ? [{ nameserver, index }]
      : [],
  );
  if (bad.length + homeless.length === 0) return [];
  // Those that could not be asked from here, were too many to ask, or whose address the resolver did not tell, may well answer.
  const unasked =
    servers.length > asked.length ||
    zone.addressesNotAsked > 0 ||
    homeless.some(({ nameserver }) => untold(nameserver.error));
  if (asked.length === bad.length && !unasked) return [allLame(dns, placed, bad, homeless)];
  return [...bad.map((one) => oneLame(dns, zone.zone, one)), ...homeless.map((one) => withoutAddress(placed, one))];
}

function allLame(
  dns: DnsEvidence,
  { zone, at }: PlacedZone,
  bad: readonly Placed[],
  homeless: readonly Homeless[],
): Seen {
  const count = zone.nameservers.length;
  const commands = bad
    .slice(0, 2)
    .map(({ server }) => dig(server.address, dns.authorityPort, '+norecurse', zone.zone, 'SOA'));
  const all: readonly Phrase[] = [
    ...bad.map((one): Phrase => [one.nameserver.name, ` (${one.server.address}): ${failureWords(one.server)}`]),
    ...homeless.map(({ nameserver }): Phrase => [nameserver.name, `: ${errorWords(nameserver.error ?? 'nodata')}`]),
  ];
  const more = all.length > SHOWN ? `; and ${all.length - SHOWN} more` : '';
  const told = all.slice(0, SHOWN).flatMap((one, index) => (index === 0 ? one : ['; ', ...one]));
  const none = count === 1 ? 'The only name server of ' : `None of the ${count} name servers of `;
  return {
    what: [none, zone.zone, count === 1 ? ' does not answer for it: ' : ' answers for it: ', ...told, more, '.'],
    severity: 'critical',
    nowWhat: [...commands, ...nameServerLame.nowWhat],
    evidence: [at],
  };
}

function oneLame(dns: DnsEvidence, zone: DnsName, placed: Placed): Seen {
  const { nameserver, server, at } = placed;
  const where = aboveOnlyWords(nameserver);
  const command = dig(server.address, dns.authorityPort, '+norecurse', zone, 'SOA');
  return {
    what: [
      'Name server ',
      nameserver.name,
      ` (${server.address})${where} of `,
      zone,
      ` does not serve it: ${failureWords(server)}.`,
    ],
    nowWhat: [command, ...(where === '' ? nameServerLame.nowWhat : aboveOnly)],
    evidence: [at],
  };
}

function withoutAddress({ zone, at }: PlacedZone, { nameserver, index }: Homeless): Seen {
  const lacks = untold(nameserver.error) ? ' has an address that could not be looked up: ' : ' has no address: ';
  return {
    what: [
      'Name server ',
      nameserver.name,
      aboveOnlyWords(nameserver),
      ' of ',
      zone.zone,
      lacks,
      errorWords(nameserver.error ?? 'nodata'),
      '.',
    ],
    evidence: [`${at}${pointer('nameservers', index)}` as typeof at],
  };
}

/** True when it is the resolver that failed to tell an address, which says nothing about the name server. */
function untold(error: NameServerEvidence['error']): boolean {
  return error !== null && error !== 'not-authoritative' && problemCatalogue[error].fault === 'resolver';
}
