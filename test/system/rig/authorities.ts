// Owns what the servers of a delegation say, as evidence has it and as dig is told, in one shape to compare.
import type { ParentEvidence, ServerEvidence, ZoneEvidence } from '../../../probes/dns/evidence.ts';
import type { WireText } from '../../../src/model/text.ts';
import { DIRECT, type DigRecord, type DigReply, digReply } from './peers.ts';
import type { Place } from './rig.ts';

/** What one address of a name server says. */
export interface Facts {
  readonly address: string;
  /** `with authority`, `nothing`, or the response code that it refuses with. */
  readonly says: string;
  readonly serial: number | null;
  readonly nsTtlSeconds: number | null;
  readonly nsNames: readonly string[];
  /** `name TTL type data`. */
  readonly records: readonly string[];
}

export function serversOf(zone: ZoneEvidence): readonly ServerEvidence[] {
  return zone.nameservers.flatMap(({ byAddress }) => byAddress);
}

const SAYS: Readonly<Record<string, string>> = {
  'dns-refused': 'REFUSED',
  'dns-timeout': 'nothing',
  'dns-unreachable': 'nothing',
};

export function factsOf(server: ServerEvidence): Facts {
  const { address, authoritative, error, serial, nsTtlSeconds, nsNames, answers } = server;
  return {
    address,
    says: authoritative === true ? 'with authority' : (SAYS[error ?? ''] ?? `${error}`),
    serial,
    nsTtlSeconds: nsTtlSeconds ?? null,
    nsNames: (nsNames ?? []).map(plain).toSorted(),
    records: lines(answers.map((one) => ({ ...one, name: plain(one.name), data: plain(one.data) }))),
  };
}

export async function factsByDig(
  address: string,
  { zone, entry }: Pick<ZoneEvidence, 'zone' | 'entry'>,
  place: Place,
): Promise<Facts> {
  const ask = (name: string, type: string): Promise<DigReply | null> =>
    digReply({ address, port: 53 }, [name, type], DIRECT, place);
  const [soa, ns, a, aaaa] = await Promise.all([
    ask(zone, 'SOA'),
    ask(zone, 'NS'),
    ask(entry, 'A'),
    ask(entry, 'AAAA'),
  ]);
  const serial = soa?.answer[0]?.data.split(' ')[2];
  return {
    address,
    says: soa === null ? 'nothing' : soa.flags.includes('aa') ? 'with authority' : soa.status,
    serial: serial === undefined ? null : Number(serial),
    nsTtlSeconds: ns?.answer[0]?.ttlSeconds ?? null,
    nsNames: (ns?.answer ?? []).map(({ data }) => undotted(data)).toSorted(),
    records: lines([...(a?.answer ?? []), ...(aaaa?.answer ?? [])]),
  };
}

/** What a server of the zone above says of a zone. */
export interface ParentFacts {
  readonly nameservers: readonly string[];
  readonly ttlSeconds: number | undefined;
  /** `name address`. */
  readonly glue: readonly string[];
}

export function parentOf({ nameservers, ttlSeconds, glue }: ParentEvidence): ParentFacts {
  return {
    nameservers: nameservers.map(plain).toSorted(),
    ttlSeconds,
    glue: glue.map(({ name, address }) => `${plain(name)} ${address}`).toSorted(),
  };
}

export async function parentByDig(address: string, zone: string, place: Place): Promise<ParentFacts> {
  const referral = await digReply({ address, port: 53 }, [zone, 'NS'], DIRECT, place);
  const names = (referral?.authority ?? []).filter(({ type }) => type === 'NS');
  return {
    nameservers: names.map(({ data }) => undotted(data)).toSorted(),
    ttlSeconds: names[0]?.ttlSeconds,
    glue: (referral?.additional ?? []).map(({ name, data }) => `${name} ${data}`).toSorted(),
  };
}

/** Compared only: none of it is shown. */
export function plain(text: WireText): string {
  return text as unknown as string;
}

function undotted(name: string): string {
  return name.replace(/\.$/, '');
}

/** Sorted and each once: the questions for both families give an alias twice. */
export function lines(records: readonly DigRecord[]): readonly string[] {
  const told = records.map(({ name, type, ttlSeconds, data }) => `${name} ${ttlSeconds} ${type} ${data}`);
  return [...new Set(told.map(undotted))].toSorted();
}
