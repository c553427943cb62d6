// Owns the agreement matrix: what the parent, each server address, each resolver and each client network tell of each record set. Pure.
// Never judges: a cell says who differs from most; whether that matters is for the checks.
import {
  compareText,
  type DnsName,
  type IpAddress,
  interpret,
  sameText,
  textKey,
  visible,
  type WireText,
  wireText,
} from '../../src/model/text.ts';
import { isOurs, leafZone, type PlacedServer, type PlacedZone, placedZones, zoneDenies } from './derive.ts';
import type {
  DnsEvidence,
  ParentEvidence,
  PolicyEvidence,
  ServerError,
  ToldSetEvidence,
  ZoneEvidence,
} from './evidence.ts';
import { policiesIn } from './policy-words.ts';
import { recordKey } from './record-key.ts';

const columnTitles = ['A', 'AAAA', 'CNAME', 'HTTPS', 'CAA', 'zone CAA', 'NS', 'serial', 'MX', 'TXT'] as const;
export type ColumnTitle = (typeof columnTitles)[number];

/** What one row tells in one column: its records in an order of their own, or why there are none. */
type Answer =
  | { readonly records: readonly WireText[]; readonly absent: 'none' | 'no name' | null }
  | { readonly error: ServerError };

export interface MatrixCell {
  readonly state: 'same' | 'differs' | 'error';
  /** The set's letter; `none` and `no name` for sets without records; empty for an error. */
  readonly mark: string;
  readonly error: ServerError | null;
}

export interface MatrixRow {
  readonly kind: 'parent' | 'server' | 'resolver' | 'network';
  readonly name: string;
  readonly address: IpAddress | null;
  /** NSID. */
  readonly node: WireText | null;
  /** One for each column; null where it was not asked or does not apply. */
  readonly cells: readonly (MatrixCell | null)[];
}

export interface MatrixColumn {
  readonly title: ColumnTitle;
  /** Each distinct set, that of most servers first; `rows` are those that tell it. */
  readonly sets: readonly {
    readonly mark: string;
    readonly records: readonly WireText[];
    readonly rows: readonly number[];
  }[];
  /** The zone chooses among answers here, so that differences are meant. */
  readonly chosen: boolean;
}

export interface MatrixParent {
  readonly zone: DnsName;
  /** Null when its server did not say. */
  readonly dsCount: number | null;
  readonly glue: number;
  /** Addresses that the name server of that name does not have. */
  readonly strayGlue: ParentEvidence['glue'];
}

export interface Matrix {
  readonly zone: DnsName;
  readonly entry: DnsName;
  /** What the zone above says beside the NS set. */
  readonly parent: MatrixParent | null;
  readonly columns: readonly MatrixColumn[];
  readonly rows: readonly MatrixRow[];
  /** Asked of somebody, and nobody has any. */
  readonly empty: readonly ColumnTitle[];
}

interface Teller extends Omit<MatrixRow, 'cells'> {
  readonly serial: number | null;
  readonly tells: Readonly<Partial<Record<ColumnTitle, Answer>>>;
}

/** One for each zone that owns a link of the chain; that of the canonical name first. Without rows where nobody was asked. */
export function matricesOf(dns: DnsEvidence): readonly Matrix[] {
  const leaf = leafZone(dns);
  return placedZones(dns).map((placed) => {
    const isLeaf = placed.zone === leaf;
    const policy = policiesIn(dns).find((one) => one.zone === placed.zone.zone);
    const tellers = [
      ...parentOf(placed),
      ...byAddress(placed).map((one) => serverTeller(one, placed.zone.zone)),
      ...(isLeaf ? resolverTellers(dns, placed.zone.zone) : []),
      ...networkTellers(policy),
    ];
    return matrixOf(placed, tellers, policy);
  });
}

function matrixOf({ zone }: PlacedZone, tellers: readonly Teller[], policy: PolicyEvidence | undefined): Matrix {
  const asked = columnTitles.filter((title) => tellers.some(({ tells }) => tells[title] !== undefined));
  const isEmpty = (title: ColumnTitle) => {
    const absent = tellers
      .flatMap(({ tells }) => tells[title] ?? [])
      .map((one) => ('error' in one ? null : one.absent));
    return !absent.includes(null) && new Set(absent).size === 1;
  };
  const titles = asked.filter((title) => !isEmpty(title));
  const columns = titles.map((title) => columnOf(title, tellers, chooses(title, policy)));
  const rows = tellers.map(({ kind, name, address, node, tells }, row): MatrixRow => {
    const cells = columns.map((column) => cellOf(column, tells[column.title], row));
    return { kind, name, address, node, cells };
  });
  return { zone: zone.zone, entry: zone.entry, parent: parentSays(zone), columns, rows, empty: asked.filter(isEmpty) };
}

/** The kinds whose answers differ on purpose, in the columns that a choice of addresses touches. */
function chooses(title: ColumnTitle, policy: PolicyEvidence | undefined): boolean {
  const kind = policy?.kind;
  const varies = kind === 'weighted' || kind === 'multivalue' || kind === 'client-dependent';
  return varies && (title === 'A' || title === 'AAAA' || title === 'CNAME' || title === 'HTTPS');
}

function columnOf(title: ColumnTitle, tellers: readonly Teller[], chosen: boolean): MatrixColumn {
  const heard = tellers.flatMap((teller, row) => {
    const answer = teller.tells[title];
    return answer === undefined || 'error' in answer ? [] : [{ teller, row, answer }];
  });
  const groups = [...Map.groupBy(heard, ({ answer }) => keyOf(answer)).values()].toSorted(byStanding);
  let letters = 0;
  const sets = groups.map((group) => {
    const { records, absent } = group[0]?.answer ?? { records: [], absent: 'none' as const };
    return { mark: absent ?? letter(letters++), records, rows: group.map(({ row }) => row) };
  });
  return { title, sets, chosen };
}

interface Standing {
  readonly teller: Teller;
  readonly row: number;
}

/** Most servers first; of as many, those with the newest version of the zone; then those whom more others follow. */
function byStanding(a: readonly Standing[], b: readonly Standing[]): number {
  const servers = (group: readonly Standing[]) => group.filter(({ teller }) => teller.kind === 'server').length;
  return (
    servers(b) - servers(a) ||
    newer(serialOf(b), serialOf(a)) ||
    b.length - a.length ||
    (a[0]?.row ?? 0) - (b[0]?.row ?? 0)
  );
}

function serialOf(group: readonly Standing[]): number | null {
  const serials = group.flatMap(({ teller }) => teller.serial ?? []);
  return serials.length === 0 ? null : serials.reduce((a, b) => (newer(a, b) > 0 ? a : b));
}

/** Above 0 when `a` is the newer serial: RFC 1982 3.2, numbers of 32 bits that wrap. */
function newer(a: number | null, b: number | null): number {
  return a === null || b === null ? 0 : (a - b) | 0;
}

function letter(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `#${index + 1}`;
}

function keyOf(answer: Extract<Answer, { records: unknown }>): string {
  return JSON.stringify([answer.absent, answer.records.map(recordKey)]);
}

function cellOf(column: MatrixColumn, answer: Answer | undefined, row: number): MatrixCell | null {
  if (answer === undefined) return null;
  if ('error' in answer) return { state: 'error', mark: '', error: answer.error };
  const index = column.sets.findIndex(({ rows }) => rows.includes(row));
  return { state: index === 0 ? 'same' : 'differs', mark: column.sets[index]?.mark ?? '', error: null };
}

function told(records: readonly WireText[], rcode: string | null = null): Answer {
  const sorted = [...new Map(records.map((one) => [textKey(one), one])).values()].toSorted(compareText);
  return { records: sorted, absent: sorted.length > 0 ? null : rcode === 'NXDOMAIN' ? 'no name' : 'none' };
}

/** A name server whose addresses nobody found cannot be compared. */
function parentSays({ parent, nameservers }: ZoneEvidence): MatrixParent | null {
  if (parent === undefined) return null;
  const { zone, dsCount, glue } = parent;
  const strayGlue = glue.filter(({ name, address }) => {
    const found = nameservers.find((one) => sameText(one.name, name))?.addresses ?? [];
    return found.length > 0 && !found.includes(address);
  });
  return { zone, dsCount, glue: glue.length, strayGlue };
}

function parentOf({ zone }: PlacedZone): readonly Teller[] {
  const { parent } = zone;
  if (parent === undefined) return [];
  const name = `parent ${parent.zone === '.' ? '(the root)' : parent.zone}`;
  return [{ kind: 'parent', name, address: null, node: null, serial: null, tells: { NS: told(parent.nameservers) } }];
}

/** Two names of one address are one server. */
function byAddress({ servers }: PlacedZone): readonly PlacedServer[] {
  return servers.filter(
    ({ server }, index) => servers.findIndex((one) => one.server.address === server.address) === index,
  );
}

function serverTeller({ nameserver, server }: PlacedServer, zone: DnsName): Teller {
  const { address, nsid, serial, error, rcode, answers } = server;
  const row = { kind: 'server', name: visible(nameserver.name), address, node: nsid ?? null, serial } as const;
  // The machine that cannot ask says nothing of the server.
  if (isOurs(error)) return { ...row, tells: {} };
  if (error !== null && serial === null)
    return { ...row, tells: { A: { error }, AAAA: { error }, NS: { error }, serial: { error } } };
  const data = (type: string) => answers.filter((one) => one.type === type).map((one) => one.data);
  const addresses = (type: string): Answer =>
    error !== null && data(type).length === 0 ? { error } : told(data(type), rcode);
  const links = answers.filter((one) => one.type === 'CNAME').map(({ name, data: target }) => link(name, target));
  return {
    ...row,
    tells: {
      // The addresses behind an alias that leaves the zone are told elsewhere.
      ...(links.length > 0 && data('A').length + data('AAAA').length === 0
        ? {}
        : { A: addresses('A'), AAAA: addresses('AAAA') }),
      CNAME: told(links),
      ...setsTold(server.recordSets, zone),
      ...(server.nsNames === undefined ? {} : { NS: told(server.nsNames) }),
      ...(serial === null ? {} : { serial: told([wireText(String(serial))]) }),
    },
  };
}

function link(name: WireText, target: WireText): WireText {
  return wireText(`${visible(name)} → ${visible(target)}`);
}

/** The CAA of the zone's apex is a column of its own where the name is another one. */
function setsTold(sets: readonly ToldSetEvidence[] = [], zone: DnsName | null = null): Teller['tells'] {
  const tells: Partial<Record<ColumnTitle, Answer>> = {};
  for (const { name, type, error, rcode, records } of sets) {
    const isAbove = type === 'CAA' && name === zone && sets.some((one) => one.type === type && one.name !== zone);
    if (isOurs(error)) continue;
    const answer =
      error === null
        ? told(
            records.map(({ data }) => data),
            rcode,
          )
        : { error };
    tells[isAbove ? 'zone CAA' : type] = answer;
  }
  return tells;
}

/** What a resolver adds above the zone (links of aliases that lead into it) is not this zone's. */
function resolverTellers(dns: DnsEvidence, zone: DnsName): readonly Teller[] {
  // What validating resolvers make of a name that the zone denies (RFC 9824) is no disagreement.
  const denied = zoneDenies(dns);
  return (dns.resolvers ?? []).map((one): Teller => {
    const row = {
      kind: 'resolver',
      name: `resolver ${one.resolver}`,
      address: null,
      node: null,
      serial: null,
    } as const;
    if (isOurs(one.error)) return { ...row, tells: {} };
    const family = (v6: boolean): Answer => {
      const found = one.addresses.filter((address) => address.includes(':') === v6).map((address) => wireText(address));
      return one.error !== null && found.length === 0
        ? { error: one.error }
        : told(found, denied ? 'NXDOMAIN' : one.rcode);
    };
    const links = (one.aliases ?? []).filter(({ name }) => interpret(name, (raw) => isWithin(raw, zone)));
    const aliases =
      one.aliased && one.aliases === undefined
        ? {}
        : { CNAME: told(links.map(({ name, target }) => link(name, target))) };
    return {
      ...row,
      tells: {
        ...{ A: family(false), AAAA: family(true) },
        ...(one.error === null ? aliases : {}),
        ...setsTold(one.recordSets),
      },
    };
  });
}

function isWithin(name: string, zone: DnsName): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The first answer for each network; each is asked twice. */
function networkTellers(policy: PolicyEvidence | undefined): readonly Teller[] {
  if (policy === undefined) return [];
  const first = new Map(policy.ecs.toReversed().map((view) => [view.prefix, view]));
  return [...first.values()].toReversed().map(({ prefix, addresses }): Teller => {
    const answer = told(addresses.map((one) => wireText(one)));
    const isAddress = addresses.some((one) => one.includes(':') || /^[\d.]+$/.test(one));
    const tells = addresses.length === 0 || isAddress ? { [policy.type]: answer } : {};
    return { kind: 'network', name: `client in ${prefix}`, address: null, node: null, serial: null, tells };
  });
}
