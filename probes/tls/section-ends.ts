// Owns the blocks in which the handshakes beyond the ride are shown. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { minuteOf } from '../../src/x509/instant.ts';
import { keyNames, whereTlsEnds } from './ends/where.ts';
import type { TlsEvidence } from './evidence.ts';
import type { Ends, EndsEndpoint, Look, LookKind } from './evidence-ends.ts';

/** Digits of a fingerprint, and of the name of a ticket's key, that tell them apart for a reader. */
const SHORT = 12;

const ASKED: Readonly<Record<LookKind, string>> = {
  'as-ride': 'as the ride does',
  again: 'its own session again',
  elsewhere: 'the session of',
  rsa: 'an RSA certificate',
  ecdsa: 'an ECDSA certificate',
  'no-name': 'without server name',
  'unknown-name': 'unknown server name',
};

export function endsBlocks({ ends, certificates }: TlsEvidence): readonly Block[] {
  return ends === undefined ? [] : [summary(ends), handshakes(ends, certificates)];
}

function summary(ends: Ends): Block {
  const { says, signals } = whereTlsEnds(ends);
  const looks = ends.byEndpoint.flatMap((record) => record.looks);
  const rows: readonly (readonly [string, Cell])[] = [
    ['where TLS ends', says],
    ...(signals.length === 0 ? [] : [['by', signals.join('; ')] as const]),
    ...resumption(looks),
    ...alpn(ends),
    ...reloads(ends),
    ...(ends.endpointsLeftOut === 0 ? [] : [['endpoints left out', ends.endpointsLeftOut] as const]),
  ];
  return { kind: 'facts', rows };
}

function resumption(looks: readonly Look[]): readonly (readonly [string, Cell])[] {
  const own = looks.filter(({ kind, resumed }) => kind === 'again' && resumed !== null);
  const taken = own.filter(({ resumed }) => resumed === true).length;
  const lives = [...new Set(looks.flatMap((look) => look.ticketLifetimeSeconds ?? []))].toSorted((a, b) => a - b);
  const early = looks.map(({ earlyDataBytes }) => earlyDataBytes).filter((bytes) => bytes !== null);
  return [
    ['sessions taken up again', own.length === 0 ? 'none was given' : `${taken} of ${own.length}`],
    ...(lives.length === 0 ? [] : [['tickets are good for', `${lives.join(', ')} s`] as const]),
    ...(early.length === 0 ? [] : [['early data', early.some((bytes) => bytes > 0) ? 'allowed' : 'none'] as const]),
  ];
}

/** Who agrees to what; nothing when all agree to one protocol. */
function alpn({ byEndpoint }: Ends): readonly (readonly [string, Cell])[] {
  const agreed = byEndpoint.flatMap(({ endpoint, looks }) =>
    looks
      .filter(({ kind, problem }) => kind === 'as-ride' && problem === null)
      .map((look) => ({ endpoint, alpn: look.alpn })),
  );
  const groups = Map.groupBy(agreed, (each) => each.alpn ?? 'none of those offered');
  if (groups.size < 2) return groups.has('none of those offered') ? [['ALPN', 'none of those offered']] : [];
  const told = [...groups].map(([name, same]) => `${name} at ${new Set(same.map(({ endpoint }) => endpoint)).size}`);
  return [['ALPN differs', told.join(', ')]];
}

/** A key under another name than in an earlier journey: what ends TLS was reloaded, or the key was rotated. */
function reloads(ends: Ends): readonly (readonly [string, Cell])[] {
  const names = keyNames(ends);
  return ends.byEndpoint.flatMap(({ endpoint, earlier }) => {
    const own = names.get(endpoint) ?? new Set();
    if (earlier === null || own.size === 0) return [];
    const isKept = earlier.ticketKeyNames.some((name) => own.has(name));
    const what = isKept ? 'the same' : 'another: reloaded, restarted or rotated since';
    return [[`session key at ${endpoint} since ${minuteOf(earlier.at)}`, what] as const];
  });
}

function handshakes(ends: Ends, certificates: TlsEvidence['certificates']): Block {
  return {
    kind: 'table',
    columns: [
      ...['endpoint', 'asked for', 'protocol', 'ALPN', 'certificate', 'key', 'resumed', 'ticket key'],
      ...['connect ms', 'ServerHello ms', 'problem'],
    ],
    rows: ends.byEndpoint.flatMap((record) => record.looks.map((look) => rowOf(record, look, certificates))),
  };
}

function rowOf({ endpoint }: EndsEndpoint, look: Look, certificates: TlsEvidence['certificates']): readonly Cell[] {
  const asked = look.sessionOf === null ? ASKED[look.kind] : `${ASKED[look.kind]} ${look.sessionOf}`;
  const keys = [...new Set(look.ticketKeyNames)].map((name) => name.slice(0, SHORT)).join(' ');
  return [
    ...[endpoint, asked, look.protocol, look.alpn, look.leaf?.slice(0, SHORT) ?? null],
    ...[certificates[look.leaf ?? '']?.keyType ?? null, look.resumed, keys === '' ? null : keys],
    ...[tenths(look.connectMs), tenths(look.answerMs), look.problem?.code ?? null],
  ];
}

function tenths(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
