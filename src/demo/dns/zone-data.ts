// Owns the records of kms.example and of the reverse zone, and how an authority answers from them. Pure: no sockets, no time.
import type { Answer, StringAnswer } from 'dns-packet';
import type { NameServerScript, WorldScript } from '../script.ts';
import { Rcode, type Reply } from './message.ts';
import { serviceRecord } from './service-record.ts';

/** Everything an authority knows of one zone. */
export interface ZoneData {
  readonly origin: string;
  readonly soa: Answer;
  /** Owner name to its records, all lower-case. */
  readonly names: ReadonlyMap<string, readonly Answer[]>;
}

export const DOMAIN = 'kms.example';
export const REVERSE = '127.in-addr.arpa';
/** The zone above, and the one above that; the root's name is empty here. */
export const REGISTRY = 'example';
export const ROOT = '';
const DELEGATION_TTL = 3600;
const NEGATIVE_TTL = 60;
const MAX_ALIASES = 8;

/** The zones of the world, each before the one that it is in. */
const ORIGINS = [DOMAIN, REVERSE, REGISTRY] as const;

const reverseName = (address: string): string => `${address.split('.').toReversed().join('.')}.in-addr.arpa`;

export function soaRecord(origin: string, serial: number, primary = `ns1.${DOMAIN}`): Answer {
  return {
    type: 'SOA',
    name: origin,
    ttl: DELEGATION_TTL,
    data: {
      mname: primary,
      rname: `hostmaster.${DOMAIN}`,
      serial,
      refresh: 7200,
      retry: 900,
      expire: 1_209_600,
      minimum: NEGATIVE_TTL,
    },
  };
}

function zoneData(origin: string, serial: number, script: WorldScript, records: readonly Answer[]): ZoneData {
  const soa = soaRecord(origin, serial);
  const servers = script.nameServers.map(
    (server): Answer => ({ type: 'NS', name: origin, ttl: DELEGATION_TTL, data: `${server.label}.${DOMAIN}` }),
  );
  const names = Map.groupBy([soa, ...servers, ...records], (record) => record.name);
  return { origin, soa, names };
}

function forwardRecords(server: NameServerScript, script: WorldScript): readonly Answer[] {
  const ttl = script.ttlSeconds;
  const zones = script.zones.filter((zone) => !server.lacks.includes(zone.label));
  const atEach = zones.flatMap(({ address, label }): Answer[] =>
    [DOMAIN, `lb.${DOMAIN}`, `${label}.${DOMAIN}`].map((name) => ({ type: 'A', name, ttl, data: address })),
  );
  const servers = script.nameServers.map(
    ({ label, address }): Answer => ({ type: 'A', name: `${label}.${DOMAIN}`, ttl: DELEGATION_TTL, data: address }),
  );
  const aliases = Object.entries(script.aliases).map(
    ([label, target]): Answer => ({ type: 'CNAME', name: `${label}.${DOMAIN}`, ttl, data: target }),
  );
  const policy = Array.from({ length: 12 }, (_, at) => `v=kmspolicy${at}; ${'x'.repeat(180)}`);
  return [
    ...atEach,
    ...servers,
    ...aliases,
    ...script.texts.map((data): Answer => ({ type: 'TXT', name: DOMAIN, ttl, data })),
    // Larger than any UDP answer: what a client does with TC can be seen on it.
    { type: 'TXT', name: `policy.${DOMAIN}`, ttl, data: policy },
    ...script.caa.map((data): Answer => ({ type: 'CAA', name: DOMAIN, ttl: DELEGATION_TTL, data })),
    ...script.services.map((service) => serviceRecord(service, ttl)),
  ];
}

/** What one name server serves: its own serial, and without the addresses it lacks. */
export function zonesOf(server: NameServerScript, script: WorldScript): readonly ZoneData[] {
  const pointers = [...script.zones, ...script.nameServers].map(
    ({ label, address }): Answer => ({
      type: 'PTR',
      name: reverseName(address),
      ttl: DELEGATION_TTL,
      data: `${label}.${DOMAIN}`,
    }),
  );
  return [
    zoneData(DOMAIN, server.serial, script, forwardRecords(server, script)),
    zoneData(REVERSE, server.serial, script, pointers),
  ];
}

/** The zone a name is in; undefined for all the world does not know: of the root's names it knows only the root itself. */
export function originOf(name: string): (typeof ORIGINS)[number] | typeof ROOT | undefined {
  if (name === ROOT) return ROOT;
  return ORIGINS.find((origin) => name === origin || name.endsWith(`.${origin}`));
}

/** True when something exists below the name, so that the name exists too, empty (RFC 8020). */
const hasChildren = (zone: ZoneData, name: string): boolean =>
  [...zone.names.keys()].some((owner) => owner.endsWith(`.${name}`));

/** For zones that a server does not have, and for zone transfers, which are for secondaries only. */
export const refusal: Reply = { rcode: Rcode.REFUSED, authoritative: false, answers: [], authorities: [] };

/** The authority's answer: data, an alias chain inside the zone, NODATA or NXDOMAIN with the SOA, REFUSED for other zones. */
export function answerFrom(zones: readonly ZoneData[], name: string, type: string): Reply {
  const zone = zones.find(({ origin }) => origin === originOf(name));
  return zone === undefined || type === 'AXFR' || type === 'IXFR' ? refusal : answerIn(zone, name, type);
}

/** The same of a zone that the name is known to be in. */
export function answerIn(zone: ZoneData, name: string, type: string): Reply {
  const answers: Answer[] = [];
  // RFC 2308 3: the negative answer's lifetime is that of the SOA record, at most its minimum.
  const authorities: Answer[] = [{ ...zone.soa, ttl: NEGATIVE_TTL } as Answer];
  let owner = name;
  for (let links = 0; links < MAX_ALIASES; links++) {
    const records = zone.names.get(owner);
    if (records === undefined) {
      const rcode = hasChildren(zone, owner) ? Rcode.NOERROR : Rcode.NXDOMAIN;
      return { rcode, authoritative: true, answers, authorities };
    }
    const found = records.filter((record) => record.type === type || type === 'ANY');
    if (found.length > 0)
      return { rcode: Rcode.NOERROR, authoritative: true, answers: [...answers, ...found], authorities: [] };
    const alias = records.find((record): record is StringAnswer => record.type === 'CNAME');
    if (alias === undefined) return { rcode: Rcode.NOERROR, authoritative: true, answers, authorities };
    if (answers.includes(alias)) break;
    answers.push(alias);
    owner = alias.data.toLowerCase();
    if (originOf(owner) !== zone.origin) break;
  }
  return { rcode: Rcode.NOERROR, authoritative: true, answers, authorities: [] };
}
