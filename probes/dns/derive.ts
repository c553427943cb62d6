// Owns what several checks and the gathering conclude from the same records. Pure.

import type { Phrase, Step } from '../../src/model/finding.ts';
import { type Pointer, pointer } from '../../src/model/finding.ts';
import { type Problem, problemCatalogue } from '../../src/model/problem.ts';
import { bareHost } from '../../src/model/target.ts';
import { compareText, sameText, type WireText } from '../../src/model/text.ts';
import type {
  AnswerEvidence,
  CaaEvidence,
  CaaSetEvidence,
  DnsEvidence,
  Lameness,
  NameServerEvidence,
  RecordEvidence,
  ServerError,
  ServerEvidence,
  ZoneEvidence,
} from './evidence.ts';

/** A zone of the chain and where it stands in the journey. */
export interface PlacedZone {
  readonly zone: ZoneEvidence;
  readonly at: Pointer;
  readonly servers: readonly PlacedServer[];
}

export interface PlacedServer {
  readonly nameserver: NameServerEvidence;
  readonly server: ServerEvidence;
  readonly at: Pointer;
}

/** The zone that owns the canonical name: the last of the delegation. Undefined when it was not found. */
export function leafZone(evidence: Pick<DnsEvidence, 'delegation'>): ZoneEvidence | undefined {
  return evidence.delegation.at(-1);
}

/** The zones that own links of the chain: the leaf of the delegation first. The zones above it are others' to keep. */
export function placedZones(evidence: DnsEvidence): readonly PlacedZone[] {
  const leaf = evidence.delegation.length - 1;
  return [
    ...evidence.delegation.slice(-1).map((zone) => placed(zone, 'delegation', leaf)),
    ...evidence.aliasZones.map((zone, index) => placed(zone, 'aliasZones', index)),
  ];
}

function placed(zone: ZoneEvidence, list: 'delegation' | 'aliasZones', index: number): PlacedZone {
  return {
    zone,
    at: pointer('evidence', 'dns', list, index),
    servers: zone.nameservers.flatMap((nameserver, n) =>
      nameserver.byAddress.map((server, a) => ({
        nameserver,
        server,
        at: pointer('evidence', 'dns', list, index, 'nameservers', n, 'byAddress', a),
      })),
    ),
  };
}

/** Behind the name of a server that the zone itself has left behind. */
export function aboveOnlyWords({ listedBy }: Pick<NameServerEvidence, 'listedBy'>): string {
  return listedBy === 'parent' ? ', which only the zone above names,' : '';
}

/** True when the server is not to blame: this machine could not ask, or was stopped. */
export function isOurs(error: ServerError | null): boolean {
  return error !== null && error !== 'not-authoritative' && problemCatalogue[error].fault === 'prober';
}

/** What a problem means, and what the server itself said of the reason (RFC 8914), for the end of a sentence. */
export function problemWords({ code, detail }: Problem): Phrase {
  const { says } = problemCatalogue[code];
  return detail === null ? [says] : [says, ': ', detail];
}

/** What an error means, for a sentence that begins with the server. */
export function errorWords(error: ServerError): string {
  return error === 'not-authoritative'
    ? 'it answers, but not with authority for the zone'
    : problemCatalogue[error].says;
}

/** The same for a server that is not authoritative, when it is known what it says instead. */
export const lamenessWords: Readonly<Record<Lameness, string>> = {
  'upward-referral': 'it refers back to the zone itself or above',
  'from-cache': 'it answers from a cache, as a resolver',
  unmarked: 'it gives the data without authority (AA), as nobody’s server',
  'other-zone': 'it answers with authority for another zone',
  'no-such-zone': 'it says that there is no such zone (NXDOMAIN)',
  'no-data': 'it answers, but not with authority for the zone',
};

export function compareAnswers(a: AnswerEvidence, b: AnswerEvidence): number {
  return compareText(a.name, b.name) || a.type.localeCompare(b.type, 'en') || compareText(a.data, b.data);
}

/** The whole life of a record set as its authorities give it: the longest that any of them tells; null when none does. */
export function authoritativeTtl(zones: readonly ZoneEvidence[], name: WireText | string, type: string): number | null {
  const told = zones
    .flatMap((zone) => zone.nameservers.flatMap((nameserver) => nameserver.byAddress))
    .flatMap((server) => [
      ...server.answers,
      ...(server.recordSets ?? []).flatMap((set) => set.records.map((one) => ({ ...one, type: set.type }))),
    ])
    .filter((answer) => answer.type === type && sameText(answer.name, name));
  return told.length === 0 ? null : Math.max(...told.map((answer) => answer.ttlSeconds));
}

/**
 * The TTL of the link that changes decides how long a change takes: worst its whole TTL, on average half of it.
 * Which link will change is not known, so the slowest one is told. Null without records.
 */
export function shiftOf(records: readonly RecordEvidence[]): DnsEvidence['shift'] {
  const life = (record: RecordEvidence) => record.authoritativeTtlSeconds ?? record.ttlSeconds;
  const slowest = records.toSorted((a, b) => life(b) - life(a))[0];
  if (slowest === undefined) return null;
  return {
    worstSeconds: life(slowest),
    typicalSeconds: life(slowest) / 2,
    limitedBy: `${slowest.name} ${slowest.type}`,
    basis: records.every((record) => record.authoritativeTtlSeconds !== null) ? 'authority' : 'resolver',
  };
}

/** `dig` at one server, in the form that can be pasted. */
export function dig(address: string, port: number, ...rest: readonly (string | WireText)[]): Step {
  const at = port === 53 ? [`@${address}`] : [`@${address}`, '-p', String(port)];
  return { kind: 'command', argv: ['dig', ...at, ...rest] };
}

/** `dig` at the resolver of the lookup (`IP` or `IP#PORT`). */
export function digResolver(evidence: DnsEvidence, ...rest: readonly (string | WireText)[]): Step {
  return digAt(evidence.resolver, ...rest);
}

/** `dig` at a resolver as it is written for `--resolver`, over the same transport and as strict (dig 9.18). */
export function digAt(resolver: string, ...rest: readonly (string | WireText)[]): Step {
  const argv = (address: string, port: string | undefined, ...flags: readonly string[]): Step => ({
    kind: 'command',
    argv: ['dig', `@${address}`, ...(port === undefined ? [] : ['-p', port]), ...flags, ...rest],
  });
  if (resolver.startsWith('https://')) {
    const asked = new URL(resolver);
    const { port, pathname } = asked;
    return argv(bareHost(asked), port === '' ? undefined : port, `+https=${pathname}`, '+tls-ca');
  }
  const tls = /^tls:\/\/(?:\[([^\]]+)\]|([^#:]+))(?:#([^:]+))?(?::(\d+))?$/.exec(resolver);
  if (tls !== null) {
    const [, ipv6, ipv4 = '', name, port] = tls;
    return argv(ipv6 ?? ipv4, port, '+tls', ...(name === undefined ? [] : ['+tls-ca', `+tls-hostname=${name}`]));
  }
  const [address = '', port] = resolver.split('#');
  return argv(address, port === '53' ? undefined : port);
}

/** The names whose CAA lookups decide: up to the first that has records. What a top-level domain says or fails to say is nobody's to repair. */
export function decidingSets({ at, asked }: CaaEvidence): readonly CaaSetEvidence[] {
  const last = at === null ? asked.length : asked.findIndex(({ name }) => name === at);
  return asked.slice(0, last).filter(({ name }) => name.includes('.'));
}

/** Every server that owns the zone and was asked for the name says that there is none. */
export function zoneDenies(dns: DnsEvidence): boolean {
  const servers = (leafZone(dns)?.nameservers ?? []).flatMap(({ byAddress }) => byAddress);
  const told = servers.filter(({ authoritative, rcode }) => authoritative === true && rcode !== null);
  return told.length > 0 && told.every(({ rcode }) => rcode === 'NXDOMAIN');
}

/**
 * The resolver says that the name has no address, and its zone that there is no such name. Compact denial (RFC 9824 3) says the
 * former to all who ask for signatures and the latter to others: validating resolvers pass on what they got.
 */
export function isDeniedByZone(dns: DnsEvidence): boolean {
  return dns.lookup.problem?.code === 'nodata' && zoneDenies(dns);
}
