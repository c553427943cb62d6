// Owns how this record is shown: facts, the records, the name servers. No formatting.
import type { Block, Cell, Section } from '../../src/contract/section.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import { nsLife } from './cut.ts';
import { errorWords, leafZone, placedZones } from './derive.ts';
import type { DnsEvidence, LeverEvidence, ServerEvidence } from './evidence.ts';
import { hostingOf } from './hosting.ts';
import { clockTime, leversIn, safeCutOverMs } from './levers.ts';
import { agreementBlocks, matrixBlocks } from './matrix-table.ts';
import { networkBlocks } from './network-words.ts';
import { earlierBlocks } from './over-time.ts';
import { policyBlocks } from './policy-words.ts';
import { operatorOfMailbox } from './provider.ts';
import { resolverTable, verifiedWords } from './resolver-table.ts';
import { madeUpRows } from './safety-words.ts';
import { conformanceBlocks } from './section-conformance.ts';
import { dnssecBlocks } from './section-dnssec.ts';
import { walkBlocks } from './section-walk.ts';
import { failureWords } from './server-words.ts';
import { flattening, productWords } from './who.ts';

export function section(dns: DnsEvidence): Section {
  return {
    title: 'DNS',
    blocks: [
      ...[facts(dns), ...shiftCard(dns), ...policyBlocks(dns), ...earlierBlocks(dns), ...targets(dns), ...records(dns)],
      ...[
        ...networkBlocks(dns),
        ...walkBlocks(dns),
        ...nameServers(dns),
        ...conformanceBlocks(dns),
        ...resolverTable(dns),
        ...matrixBlocks(dns),
        ...dnssecBlocks(dns),
      ],
    ],
    brief: agreementBlocks(dns),
  };
}

function facts(dns: DnsEvidence): Block {
  const { name, canonicalName, resolver, lookup, provider, shift, negativeTtlSeconds } = dns;
  const rows: (readonly [string, Cell])[] = [['name', name]];
  if (canonicalName !== name) rows.push(['canonical name', canonicalName]);
  if (lookup.problem !== null) rows.push(['problem', problemCatalogue[lookup.problem.code].says]);
  rows.push(['zone', leafZone(dns)?.zone ?? null], ['provider', provider], ...hosting(dns));
  if (shift !== null) {
    rows.push(
      ['change seen within, s', shift.worstSeconds],
      ['typically, s', shift.typicalSeconds],
      ['limited by', shift.limitedBy],
    );
  }
  rows.push(...madeUpRows(dns));
  if (negativeTtlSeconds !== null) rows.push(['new name seen after, s', negativeTtlSeconds]);
  for (const { owner, resource } of dns.externalDns ?? []) {
    rows.push(['kept by ExternalDNS, owner', owner], ['for the resource', resource]);
  }
  const verified = verifiedWords(lookup.verified ?? null);
  rows.push(['resolver', verified === null ? resolver : `${resolver} (${verified})`]);
  return { kind: 'facts', rows };
}

const levers = {
  address: 'addresses',
  alias: 'alias',
  'alias-target': 'alias target',
  'name-servers': 'name servers',
} as const;

/** For each way to move traffic: what holds it up, how long, and from when on it is safe if its TTL is lowered now. */
function shiftCard(dns: DnsEvidence): readonly Block[] {
  const all = leversIn(dns);
  if (all.length === 0) return [];
  const fromMs = dns.shift?.asOfMs;
  const lowered = all.filter((one) => !isParents(dns, one));
  const rows = all.map((one): readonly Cell[] => [
    levers[one.lever],
    one.record.name,
    one.record.type,
    one.basis === 'authority' ? `${one.ttlSeconds}` : `${one.ttlSeconds} or more`,
    one.typicalSeconds,
    one.worstSeconds,
    fromMs === undefined || !lowered.includes(one) ? null : clockTime(safeCutOverMs(fromMs, one.ttlSeconds), fromMs),
  ]);
  const columns = ['to change', 'record', 'type', 'TTL, s', 'typical', 'worst', 'safe from'];
  const legend: (readonly [string, Cell])[] = [
    ['safe from', 'when the old TTL is gone everywhere, if it is lowered now'],
    ['name servers', 'the zone above sets that TTL; the old ones must answer until it has passed'],
  ];
  const shown = legend.filter((_, index) => (index === 0 ? lowered.length > 0 : lowered.length < all.length));
  return [
    { kind: 'table', columns, rows },
    { kind: 'facts', rows: shown },
  ];
}

/** No owner of a zone lowers the TTL that the zone above gives its NS records. */
function isParents(dns: DnsEvidence, { lever, record }: LeverEvidence): boolean {
  const zone = placedZones(dns).find((placed) => placed.zone.zone === record.name)?.zone;
  return lever === 'name-servers' && nsLife(zone)?.parent === true;
}

/** What the name servers have in common, where there is something to tell. */
function hosting(dns: DnsEvidence): readonly (readonly [string, Cell])[] {
  const zone = leafZone(dns);
  if (zone === undefined || zone.nameservers.length === 0) return [];
  const { topLevelDomains, networks } = hostingOf(zone);
  const mailbox = dns.soa === null ? null : operatorOfMailbox(dns.soa.mailbox);
  const flattened = flattening(dns);
  return [
    ['name servers named under', topLevelDomains.map((label) => `.${label}`).join(', ')],
    ['networks of the name servers', networks.join(', ')],
    ...(mailbox === null || dns.provider !== null ? [] : ([['SOA mailbox of', mailbox]] as const)),
    ...(flattened === null
      ? []
      : ([['addresses copied from', `${flattened.to} (inferred: ${flattened.signals.join('; ')})`]] as const)),
  ];
}

/** What the names of the chain, or those of the addresses, say. */
function targets({ targets: named = [] }: DnsEvidence): readonly Block[] {
  if (named.length === 0) return [];
  const rows = named.map((one): readonly Cell[] => [
    one.name,
    productWords(one),
    one.region,
    one.zone,
    one.address === null ? 'the alias chain' : `the name of ${one.address}`,
  ]);
  return [{ kind: 'table', columns: ['name', 'leads to', 'region', 'zone', 'told by'], rows }];
}

function records(dns: DnsEvidence): readonly Block[] {
  if (dns.records.length === 0) return [{ kind: 'unknown', because: 'no record of the name was seen' }];
  const rows = dns.records.map((one) => [one.name, one.type, one.authoritativeTtlSeconds, one.ttlSeconds, one.data]);
  return [{ kind: 'table', columns: ['record', 'type', 'TTL, s', 'left, s', 'data'], rows }];
}

function nameServers(dns: DnsEvidence): readonly Block[] {
  const placed = placedZones(dns);
  if (placed.every(({ zone }) => zone.nameservers.length === 0)) {
    const because = dns.zoneProblem ?? placed[0]?.zone.problem ?? null;
    const words = because === null ? '' : `: ${problemCatalogue[because.code].says}`;
    return [{ kind: 'unknown', because: `the name servers of the zone were not found${words}` }];
  }
  const rows = placed.flatMap(({ zone, servers }) => [
    ...servers.map(({ nameserver, server }): readonly Cell[] => [
      zone.zone,
      nameserver.name,
      server.address,
      server.rttMs,
      server.serial,
      server.nsid ?? null,
      stateOf(server),
    ]),
    ...zone.nameservers
      .filter((nameserver) => nameserver.byAddress.length === 0)
      .map(({ name, addresses, error }): readonly Cell[] => {
        const state = error !== null ? errorWords(error) : 'not asked';
        return [zone.zone, name, addresses[0] ?? null, null, null, null, state];
      }),
  ]);
  return [{ kind: 'table', columns: ['zone', 'name server', 'address', 'ms', 'serial', 'node', 'state'], rows }];
}

/** What the server's answer amounts to. */
function stateOf(server: ServerEvidence): string {
  const { error, tcp } = server;
  if (error !== null) return failureWords(server);
  return tcp === undefined || tcp.error === null ? 'answers' : 'answers, but not over TCP';
}
