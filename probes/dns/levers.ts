// Owns the shift card: each way to move traffic, the record that holds it up, and how long. Pure.
// Never takes the chain's minimum or maximum: the TTL of the link that changes decides (RFC 2181 5.2).
import { type DnsName, type WireText, wireText } from '../../src/model/text.ts';
import { placedZones } from './derive.ts';
import type {
  AnswerEvidence,
  DnsEvidence,
  LeverEvidence,
  RecordEvidence,
  ServerEvidence,
  ZoneEvidence,
} from './evidence.ts';

/** Caches count whole seconds, so that the last one may be a second late. */
const ROUNDING_SECONDS = 1;

/** A record that leads to an address: no traffic moves with a CAA record, and HTTPS records only hint. */
type Leading = RecordEvidence & { readonly type: AnswerEvidence['type'] };

function leads(record: RecordEvidence): record is Leading {
  return record.type !== 'HTTPS' && record.type !== 'CAA';
}

/** The levers of a name, in the order an operator thinks of them. `parentTtls`: the NS TTL that a parent zone tells, by zone. */
export function leversOf(
  records: readonly RecordEvidence[],
  zones: readonly ZoneEvidence[],
  parentTtls: ReadonlyMap<DnsName, number> = new Map(),
): readonly LeverEvidence[] {
  const sets = new Map<string, Leading[]>();
  for (const record of records.filter((one) => leads(one)).filter((one) => !isMade(one, records))) {
    const key = `${record.name} ${record.type}`;
    sets.set(key, [...(sets.get(key) ?? []), record]);
  }
  const isAlias = records.some((record) => record.type === 'CNAME');
  return [
    ...[...sets.values()].map((set) => recordLever(set, isAlias)),
    ...zones.flatMap((zone) => nameServerLever(zone, parentTtls.get(zone.zone) ?? null) ?? []),
  ];
}

/** A server made this alias of a DNAME above it (RFC 6672 3.1): nobody can change it but there. */
function isMade({ name, type }: Leading, records: readonly RecordEvidence[]): boolean {
  return type === 'CNAME' && records.some((one) => one.type === 'DNAME' && name.endsWith(`.${one.name}`));
}

function recordLever(set: readonly Leading[], isAlias: boolean): LeverEvidence {
  const [{ name, type }] = set as readonly [Leading];
  const told = set.flatMap((record) => record.authoritativeTtlSeconds ?? []);
  const basis = told.length === set.length ? 'authority' : 'resolver';
  const ttlSeconds = Math.max(...set.map((record) => record.authoritativeTtlSeconds ?? record.ttlSeconds));
  const lever = type === 'CNAME' || type === 'DNAME' ? 'alias' : isAlias ? 'alias-target' : 'address';
  return timed({ lever, record: { name, type }, ttlSeconds, basis, note: notes[lever] });
}

const notes = {
  address: 'other addresses in this record set',
  alias: 'another target for this alias',
  'alias-target': 'the target of the alias moves its own addresses',
} as const;

/** RFC 2181 5.4.1: resolvers may keep either side's NS set, so the longer one counts. */
function nameServerLever(zone: ZoneEvidence, parentTtl: number | null): LeverEvidence | null {
  const own = zone.nameservers.flatMap(({ byAddress }) => byAddress.flatMap((server) => server.nsTtlSeconds ?? []));
  const child = own.length > 0 ? Math.max(...own) : (zone.nsTtlLeftSeconds ?? null);
  const known = [child, parentTtl].filter((ttl) => ttl !== null);
  if (known.length === 0) return null;
  return timed({
    lever: 'name-servers',
    record: { name: zone.zone, type: 'NS' },
    ttlSeconds: Math.max(...known),
    basis: own.length > 0 ? 'authority' : 'resolver',
    note:
      parentTtl === null
        ? 'another DNS provider; the parent’s TTL is not known and may be longer'
        : 'another DNS provider; the longer of the parent’s TTL and the zone’s own',
  });
}

function timed(lever: Omit<LeverEvidence, 'typicalSeconds' | 'worstSeconds'>): LeverEvidence {
  const { ttlSeconds } = lever;
  return { ...lever, typicalSeconds: ttlSeconds / 2, worstSeconds: ttlSeconds + ROUNDING_SECONDS };
}

/** When the last cache has let go of the old TTL, if it is lowered at `fromMs`: Unix ms. */
export function safeCutOverMs(fromMs: number, ttlSeconds: number): number {
  return fromMs + (ttlSeconds + ROUNDING_SECONDS) * 1000;
}

/** `14:32:10Z`, with the day before it when it is another one than that of `fromMs`. RFC 3339. */
export function clockTime(atMs: number, fromMs: number): string {
  const [day, time] = new Date(atMs).toISOString().split('T') as [string, string];
  const short = `${time.slice(0, 8)}Z`;
  return new Date(fromMs).toISOString().startsWith(day) ? short : `${day} ${short}`;
}

/** What a zone's servers tell of one record set's TTL. */
export interface ToldTtls {
  readonly name: WireText;
  readonly type: string;
  readonly told: readonly { readonly server: ServerEvidence; readonly ttlSeconds: number }[];
}

/** Each record set of the zone that any of its servers told, the NS set, HTTPS and CAA included. */
export function toldTtls(zone: ZoneEvidence): readonly ToldTtls[] {
  const servers = zone.nameservers.flatMap((nameserver) => nameserver.byAddress);
  const all = servers.flatMap((server) => [
    ...server.answers.map(({ name, type, ttlSeconds }) => ({ server, name, type: type as string, ttlSeconds })),
    ...(server.recordSets ?? []).flatMap(({ type, records }) =>
      records.map(({ name, ttlSeconds }) => ({ server, name, type: type as string, ttlSeconds })),
    ),
    ...[server.nsTtlSeconds ?? []].flat().map((ttlSeconds) => ({
      server,
      name: wireText(zone.zone),
      type: 'NS',
      ttlSeconds,
    })),
  ]);
  const sets = Map.groupBy(all, ({ name, type }) => JSON.stringify([name, type]));
  return [...sets.values()].flatMap((told) => {
    const [first] = told;
    return first === undefined ? [] : [{ name: first.name, type: first.type, told }];
  });
}

/** The levers of a journey that was written down before there were any. */
export function leversIn(dns: DnsEvidence): readonly LeverEvidence[] {
  const zones = placedZones(dns).map(({ zone }) => zone);
  return dns.shift?.levers ?? leversOf(dns.records, zones);
}
