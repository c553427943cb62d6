// Owns the zones above kms.example, the root and `example`: their records, and how their servers refer downwards. Pure: no sockets, no time.
import type { Answer } from 'dns-packet';
import type { WorldScript } from '../script.ts';
import { Rcode, type Reply } from './message.ts';
import { answerIn, DOMAIN, REGISTRY, REVERSE, ROOT, refusal, soaRecord, type ZoneData } from './zone-data.ts';

/** RFC 1035 does not say; the root tells two days for every top-level domain. */
const ROOT_TTL = 172_800;

/** A delegation to a zone below: its NS records and the addresses that go with them. */
interface Cut {
  readonly child: string;
  readonly nameServers: readonly Answer[];
  readonly glue: readonly Answer[];
}

export interface UpperZone {
  readonly data: ZoneData;
  readonly cuts: readonly Cut[];
  /** Addresses that go with the zone's own NS records: those of the root's do (RFC 9609 4). */
  readonly priming: readonly Answer[];
}

/** A server's name as the script gives its label, and its address. */
interface Named {
  readonly label: string;
  readonly address: string;
}

const nsOf = (zone: string, servers: readonly { readonly label: string }[], origin: string, ttl: number): Answer[] =>
  servers.map(({ label }) => ({ type: 'NS', name: zone, ttl, data: `${label}.${origin}` }));

const addressesOf = (servers: readonly Named[], origin: string, ttl: number): Answer[] =>
  servers.map(({ label, address }) => ({ type: 'A', name: `${label}.${origin}`, ttl, data: address }));

function zoneOf(origin: string, servers: readonly Named[], records: readonly Answer[]): ZoneData {
  const soa = soaRecord(origin, 1, `${servers[0]?.label}.${REGISTRY}`);
  const all = [soa, ...nsOf(origin, servers, REGISTRY, ROOT_TTL), ...records];
  return { origin, soa, names: Map.groupBy(all, (record) => record.name) };
}

/** What the registry of `example` says of kms.example; a label without glue of its own has the address of that name server. */
function delegated(child: string, script: WorldScript): Cut {
  const { nameServers, glue, ttlSeconds } = script.delegation;
  const labels = nameServers ?? script.nameServers.map(({ label }) => label);
  const servers = labels.flatMap((label) => {
    const address = glue[label] ?? script.nameServers.find((server) => server.label === label)?.address;
    return address === undefined ? [] : [{ label, address }];
  });
  const named = labels.map((label) => ({ label }));
  return {
    child,
    nameServers: nsOf(child, named, DOMAIN, ttlSeconds),
    glue: addressesOf(servers, DOMAIN, ttlSeconds),
  };
}

export function rootZone(script: WorldScript): UpperZone {
  const registry: Cut = {
    child: REGISTRY,
    nameServers: nsOf(REGISTRY, script.registryServers, REGISTRY, ROOT_TTL),
    glue: addressesOf(script.registryServers, REGISTRY, ROOT_TTL),
  };
  return {
    data: zoneOf(ROOT, script.rootServers, []),
    cuts: [registry, delegated(REVERSE, script)],
    priming: addressesOf(script.rootServers, REGISTRY, ROOT_TTL),
  };
}

export function registryZone(script: WorldScript): UpperZone {
  const servers = [...script.rootServers, ...script.registryServers];
  const data = zoneOf(REGISTRY, script.registryServers, addressesOf(servers, REGISTRY, ROOT_TTL));
  return { data, cuts: [delegated(DOMAIN, script)], priming: [] };
}

const within = (name: string, origin: string): boolean =>
  origin === ROOT || name === origin || name.endsWith(`.${origin}`);

/** Data of the zone itself with authority; a referral without it for all below a cut (RFC 1034 4.3.2); the DS set is the parent's. */
export function answerAbove({ data, cuts, priming }: UpperZone, name: string, type: string): Reply {
  if (!within(name, data.origin) || type === 'AXFR' || type === 'IXFR') return refusal;
  const cut = cuts.find(({ child }) => within(name, child));
  if (cut === undefined)
    return { ...answerIn(data, name, type), ...(name === ROOT && type === 'NS' && { additionals: priming }) };
  // RFC 4035 3.1.4.1; none of the world's zones is signed.
  if (name === cut.child && type === 'DS') {
    return { rcode: Rcode.NOERROR, authoritative: true, answers: [], authorities: [data.soa] };
  }
  const { nameServers, glue } = cut;
  return { rcode: Rcode.NOERROR, authoritative: false, answers: [], authorities: nameServers, additionals: glue };
}
