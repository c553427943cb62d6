// Owns how the way of signatures is shown: the verdict, the signed zones, and what each server of the name's zone gives. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { algorithmName } from './dnssec/algorithms.ts';
import { reasonWords, shown } from './dnssec-words.ts';
import type { DnsEvidence } from './evidence.ts';
import type { DnssecDetail, DnssecZoneEvidence, SignedServerEvidence } from './evidence-dnssec.ts';
import { calledAs, signedLeaf } from './signed-servers.ts';

const states = {
  secure: 'signed, and every signature holds',
  insecure: 'not signed all the way',
  bogus: 'signed, and does not hold',
  'not-checked': 'not checked',
} as const;

const denials = {
  nsec: 'NSEC',
  nsec3: 'NSEC3',
  minimal: 'NSEC made for each answer (RFC 4470)',
  compact: 'compact denial (RFC 9824)',
} as const;

/** Nothing for journeys that did not look. */
export function dnssecBlocks(dns: DnsEvidence): readonly Block[] {
  const detail = dns.dnssecDetail;
  if (detail === undefined) return [];
  const why = detail.reason === null ? [] : ([['why', reasonWords(detail.reason).says]] as const);
  const verdict: Block = {
    kind: 'facts',
    rows: [['DNSSEC', states[dns.dnssec]], ...why, ...toldBy(detail), ...absence(dns)],
  };
  return [verdict, ...zoneTable(detail), ...serverTable(dns, detail)];
}

function toldBy({ askedOf, resolverReason }: DnssecDetail): readonly (readonly [string, Cell])[] {
  if (askedOf !== 'authorities') return [];
  const because = resolverReason === undefined ? '' : `: ${reasonWords(resolverReason).says}`;
  return [['told by', `the name servers themselves${because}`]];
}

function absence(dns: DnsEvidence): readonly (readonly [string, Cell])[] {
  const leaf = signedLeaf(dns);
  if (leaf?.denial === undefined) return [];
  const optOut = leaf.optOut === true ? ', unsigned delegations left out (opt-out)' : '';
  return [['absence proven by', `${denials[leaf.denial]}${optOut}`]];
}

function zoneTable({ zones }: DnssecDetail): readonly Block[] {
  const rows = zones.map((zone): readonly Cell[] => [
    shown(zone.zone),
    delegationCell(zone),
    keysCell(zone),
    zone.signedBy.join(' '),
    [...new Set(zone.keys.map(algorithmCell))].join(' '),
    zone.expiresAt,
  ]);
  const columns = ['signed zone', 'DS', 'keys', 'in use', 'algorithm', 'first signature expires'];
  return rows.length === 0 ? [] : [{ kind: 'table', columns, rows }];
}

/** Key tags; those without a key are told. Their number where an old journey did not write them down. */
function delegationCell({ dsCount, ds }: DnssecZoneEvidence): Cell {
  if (ds === undefined || ds.length === 0) return dsCount;
  const tags = ds.map(({ tag, hasKey }) => (hasKey ? `${tag}` : `${tag} (no such key)`));
  return [...new Set(tags)].join(' ');
}

/** How many there are, and which entry points the parent does not name: the next key, or the last. */
function keysCell({ keys, ds = [] }: DnssecZoneEvidence): Cell {
  const unnamed = keys.filter(({ sep, tag, revoked }) => sep && revoked !== true && !ds.some((one) => one.tag === tag));
  const revoked = keys.filter((key) => key.revoked === true).map(({ tag }) => `${tag} revoked`);
  const notes = [...(ds.length === 0 ? [] : unnamed.map(({ tag }) => `${tag} not in DS`)), ...revoked];
  return notes.length === 0 ? keys.length : `${keys.length} (${notes.join(', ')})`;
}

function algorithmCell({ algorithm, bits }: DnssecZoneEvidence['keys'][number]): string {
  return typeof bits === 'number' ? `${algorithmName(algorithm)}/${bits}` : algorithmName(algorithm);
}

function serverTable(dns: DnsEvidence, { servers = [] }: DnssecDetail): readonly Block[] {
  if (servers.length === 0) return [];
  const rows = servers.map((server): readonly Cell[] => [
    server.address,
    calledAs(dns, server).name,
    server.keys === null ? null : server.keys.join(' '),
    verdictCell(server),
    server.sets.flatMap(({ expiresAt }) => expiresAt ?? []).toSorted()[0] ?? null,
    signersCell(server),
  ]);
  const columns = ['signed answers of', 'name server', 'keys', 'verdict', 'first signature expires', 'asks parent for'];
  return [{ kind: 'table', columns, rows }];
}

function verdictCell({ sets, error }: SignedServerEvidence): Cell {
  const bad = sets.filter(({ fault }) => fault !== null);
  if (bad.length > 0)
    return bad.map(({ type, fault }) => `${type}: ${reasonWords(fault ?? 'no-signature').says}`).join('; ');
  return sets.length === 0 ? null : error === null ? 'holds' : 'holds, where it answered';
}

function signersCell({ cds, cdnskey }: SignedServerEvidence): Cell {
  const wanted = [...(cds ?? []), ...(cdnskey ?? [])];
  if (wanted.some(({ algorithm }) => algorithm === 0)) return 'no DS record';
  return [...new Set(wanted.map(({ tag }) => tag))].join(' ');
}
