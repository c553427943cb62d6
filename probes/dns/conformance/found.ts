// Owns what the checks of the trials share: servers with the same faults as one sight, and the command that shows a fault again. Pure.
import type { Judged, Seen } from '../../../src/contract/check.ts';
import type { Phrase, Step } from '../../../src/model/finding.ts';
import { dig, type PlacedServer, placedZones } from '../derive.ts';
import type { DnsEvidence } from '../evidence.ts';
import { type Row, type RowName, rowWords } from './row.ts';
import { rowsOf } from './rows.ts';

/** Servers written out in one sentence. */
const SHOWN = 4;

export interface Tried {
  readonly placed: PlacedServer;
  readonly rows: readonly Row[];
}

/** The servers of the leaf zone that were tried. */
export function triedServers(dns: DnsEvidence): readonly Tried[] {
  const servers = placedZones(dns)[0]?.servers ?? [];
  return servers.flatMap((placed) => {
    const { conformance } = placed.server;
    return conformance === undefined ? [] : [{ placed, rows: rowsOf(conformance) }];
  });
}

export const NOT_TRIED: Judged = {
  outcome: 'not-applicable',
  because: 'no server that serves the zone was tried in this journey',
};

/** One sight for each set of faults, with all the servers that share it. */
export function sights(
  dns: DnsEvidence,
  broken: readonly Tried[],
  severityOf: (rows: readonly Row[]) => NonNullable<Seen['severity']>,
  change: Step,
): readonly Seen[] {
  const groups = Map.groupBy(broken, ({ rows }) => JSON.stringify(rows));
  return [...groups.values()].flatMap((group): readonly Seen[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { rows, placed } = first;
    const [at, ...more] = group.map((one) => one.placed.at);
    return [
      {
        severity: severityOf(rows),
        what: [...named(group), ' ', faultsOf(rows), '.'],
        nowWhat: [...rows.slice(0, 2).map(({ row }) => again(dns, placed, row)), change],
        evidence: [at ?? placed.at, ...more],
      },
    ];
  });
}

function named(group: readonly Tried[]): Phrase {
  const shown = group
    .slice(0, SHOWN)
    .flatMap(({ placed: { nameserver, server } }, index) => [
      ...(index === 0 ? [] : [', ']),
      ...[nameserver.name, ` (${server.address})`],
    ]);
  const more = group.length > SHOWN ? [` and ${group.length - SHOWN} more`] : [];
  return [group.length === 1 ? 'Name server ' : 'Name servers ', ...shown, ...more, ':'];
}

/** Rows that are not about one question: what they say is a sentence. */
const WHOLE: ReadonlySet<RowName> = new Set(['edns', 'large', 'letters', 'trailing']);

function faultsOf(rows: readonly Row[]): string {
  return rows.map(({ row, says }) => (WHOLE.has(row) ? says : `to ${rowWords[row]} ${says}`)).join('; ');
}

const flags: Readonly<Record<RowName, readonly string[]>> = {
  plain: ['+noedns'],
  edns: ['+nocookie'],
  'edns-version': ['+nocookie', '+edns=1', '+noednsneg'],
  'edns-option': ['+nocookie', '+ednsopt=100'],
  'edns-flag': ['+nocookie', '+ednsflags=0x40'],
  large: ['+nocookie', '+dnssec', '+bufsize=4096', '+ignore'],
  cookie: ['+cookie'],
  'bad-cookie': ['+cookie=01020304'],
  'unknown-type': ['+noedns'],
  opcode: ['+noedns', '+opcode=15', '+header-only'],
  'reserved-bit': ['+noedns', '+zflag'],
  any: ['+nocookie', '+notcp'],
  letters: ['+cookie'],
  trailing: ['+noedns'],
  pipeline: ['+tcp', '+keepopen'],
};

/** `dig` in the form that shows the fault. */
function again(dns: DnsEvidence, { server }: PlacedServer, row: RowName): Step {
  const zone = placedZones(dns)[0]?.zone.zone ?? dns.canonicalName;
  const ladder = server.conformance?.ladder;
  const asked = (): readonly string[] => {
    if (row === 'opcode') return [];
    if (row === 'unknown-type') return [zone, 'TYPE65280'];
    if (row === 'any') return [zone, 'ANY'];
    if (row === 'large') return [zone, ladder?.type ?? 'DNSKEY'];
    if (row === 'pipeline') return [zone, 'SOA', zone, 'NS'];
    return [zone, 'SOA'];
  };
  return dig(server.address, dns.authorityPort, '+norecurse', ...flags[row], ...asked());
}
