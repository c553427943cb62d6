// Owns the check that all resolvers give the same picture of the name, as far as rotation and steering allow.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { listing, type Phrase, pointer } from '../../../src/model/finding.ts';
import { familyOf } from '../../../src/model/target.ts';
import { type IpAddress, sameText } from '../../../src/model/text.ts';
import { digAt, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, ResolverEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { policiesIn } from '../policy-words.ts';

/** Addresses written out in a sentence. */
const SHOWN = 4;

export const resolversDisagree: Check<DnsFacts, DnsPolicy> = {
  id: 'resolvers-disagree',
  needs: ['dns'],
  severity: 'warning',
  title: 'Resolvers give different answers',
  soWhat: 'Where a client is led, or whether anywhere, depends on the resolver that it asks.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Wait until the TTL is over and ask again: an old answer goes away by itself. One that stays comes from a filter, another view of the zone, or answers by place.',
      ],
    },
  ],
  sources: ['RFC 2181 5', 'RFC 1034 5.3.3', 'RFC 7871'],
  judge({ dns }) {
    const resolvers = placed(dns);
    if (resolvers.length < 2) return { outcome: 'not-applicable', because: 'fewer than two resolvers were asked' };
    const answering = resolvers.filter(({ row }) => row.error === null && row.rcode !== null);
    if (answering.length < 2) return { outcome: 'not-judged', because: 'fewer than two resolvers answered' };
    return foundOrPass([...existence(dns, answering), ...disjoint(dns, answering)]);
  },
};

interface Placed {
  readonly row: ResolverEvidence;
  readonly index: number;
}

function placed({ resolvers = [] }: DnsEvidence): readonly Placed[] {
  return resolvers.map((row, index) => ({ row, index }));
}

/** One says that there is nothing while another gives addresses. An alias without its end says neither. */
function existence(dns: DnsEvidence, answering: readonly Placed[]): readonly Seen[] {
  const giving = answering.find(({ row }) => row.addresses.length > 0);
  if (giving === undefined) return [];
  return answering
    .filter(({ row }) => row.addresses.length === 0 && (row.rcode === 'NXDOMAIN' || !row.aliased))
    .map((none) => ({
      what: [
        ...['Resolver ', none.row.resolver, ' says that ', dns.name],
        none.row.rcode === 'NXDOMAIN' ? ' does not exist' : ' has no address',
        ...[', but ', giving.row.resolver, ' gives ', ...listing(giving.row.addresses, SHOWN), '.'],
      ],
      nowWhat: [
        digAt(none.row.resolver, dns.name, 'A'),
        digAt(giving.row.resolver, dns.name, 'A'),
        ...resolversDisagree.nowWhat,
      ],
      evidence: [at(none), at(giving)],
    }));
}

function disjoint(dns: DnsEvidence, answering: readonly Placed[]): readonly Seen[] {
  return ([4, 6] as const).flatMap((family) => {
    const rows = answering.flatMap(({ row, index }) => {
      const addresses = row.addresses.filter((address) => familyOf(address) === family);
      return addresses.length === 0 ? [] : [{ row, index, addresses }];
    });
    const known = authoritative(dns);
    const groups = grouped(rows);
    // What the authorities give too is the name's own rotation, however the resolvers divide it up.
    const odd = groups.filter((group) => !group.some(({ addresses }) => addresses.some((one) => known.has(one))));
    const own = groups.find((group) => !odd.includes(group)) ?? groups[0];
    if (groups.length < 2 || own === undefined) return [];
    return odd.filter((group) => group !== own).map((group) => apart(dns, own, group, known));
  });
}

interface Giving extends Placed {
  readonly addresses: readonly IpAddress[];
}

/** Resolvers that share an address, directly or through others, give parts of one set. */
function grouped(rows: readonly Giving[]): readonly (readonly Giving[])[] {
  let groups: (readonly Giving[])[] = [];
  for (const row of rows) {
    const shares = (group: readonly Giving[]) =>
      group.some(({ addresses }) => addresses.some((address) => row.addresses.includes(address)));
    groups = [...groups.filter((group) => !shares(group)), [...groups.filter(shares).flat(), row]];
  }
  return groups.toSorted((a, b) => (a[0]?.index ?? 0) - (b[0]?.index ?? 0));
}

/** A warning where an authority stands for the one and nothing explains the other; else worth knowing. */
function apart(dns: DnsEvidence, own: readonly Giving[], other: readonly Giving[], known: ReadonlySet<string>): Seen {
  const [a, b] = [own[0] as Giving, other[0] as Giving];
  const confirmed = own.some(({ addresses }) => addresses.some((one) => known.has(one)));
  const explained = dns.aliasZones.length > 0 || chooses(dns) || sameNetworks(own, other);
  const names = (group: readonly Giving[]): Phrase => [
    group.length === 1 ? 'resolver ' : 'resolvers ',
    group.map(({ row }) => row.resolver).join(', '),
    group.length === 1 ? ' gives ' : ' give ',
  ];
  return {
    what: [
      ...['For ', dns.name, ' ', ...names(own), ...listing(a.addresses, SHOWN)],
      confirmed ? ', as the authorities do' : '',
      ...[', but ', ...names(other), ...listing(b.addresses, SHOWN), ', none of them among these.'],
    ],
    ...(confirmed && !explained ? {} : { severity: 'notice' as const }),
    nowWhat: [
      digAt(a.row.resolver, dns.name, familyOf(a.addresses[0] as IpAddress) === 6 ? 'AAAA' : 'A'),
      digAt(b.row.resolver, dns.name, familyOf(b.addresses[0] as IpAddress) === 6 ? 'AAAA' : 'A'),
      ...resolversDisagree.nowWhat,
    ],
    evidence: [at(a), ...[...own.slice(1), ...other].map(at)],
  };
}

/** A policy that leads clients apart, of which the sample from here need not show every address. */
function chooses(dns: DnsEvidence): boolean {
  return policiesIn(dns).some(
    ({ kind }) => kind === 'client-dependent' || kind === 'multivalue' || kind === 'weighted',
  );
}

/** Every address that a name server of the name's own zone gave for it, once or again and again, here or for others. */
function authoritative(dns: DnsEvidence): ReadonlySet<string> {
  const answers = placedZones(dns)
    .flatMap(({ servers }) => servers.flatMap(({ server }) => server.answers))
    .filter(({ name, type }) => type !== 'CNAME' && sameText(name, dns.canonicalName));
  const all = placed(dns).flatMap(({ row }) => row.addresses);
  const drawn = policiesIn(dns).flatMap(({ sets, ecs }) => [...sets, ...ecs].flatMap(({ addresses }) => addresses));
  const told = all.filter((address) => answers.some(({ data }) => sameText(data, address)));
  return new Set<string>([...told, ...drawn]);
}

/** Steering within one operator's pool: every address has one of the other side in its /16 (IPv4) or /32 (IPv6). */
function sameNetworks(own: readonly Giving[], other: readonly Giving[]): boolean {
  const networks = (group: readonly Giving[]) => new Set(group.flatMap(({ addresses }) => addresses.map(network)));
  const [ours, theirs] = [networks(own), networks(other)];
  return ours.isSubsetOf(theirs) || theirs.isSubsetOf(ours);
}

function network(address: IpAddress): string {
  return address
    .split(familyOf(address) === 6 ? ':' : '.')
    .slice(0, 2)
    .join('.');
}

function at({ index }: Placed) {
  return pointer('evidence', 'dns', 'resolvers', index);
}
