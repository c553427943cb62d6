// Owns what the ladder of rooms shows: whether large answers come, are cut, or vanish on the way. Pure.
import type { LadderEvidence } from '../evidence-conformance.ts';
import { breaks, fact, ok, type Row } from './row.ts';

/** Since 2020 resolvers ask for no more over UDP: RFC 9715 3.1, DNS flag day 2020. */
const USUAL_ROOM_BYTES = 1232;
/** Comes everywhere, with and without EDNS: RFC 1035 4.2.1. */
const SMALL_BYTES = 512;

export interface Lost {
  /** The least room at which the answer vanished. */
  readonly payloadBytes: number;
  /** The most room at which an answer, whole or cut, came. */
  readonly comesAtBytes: number;
  /** Resolvers ask for no more than this today. */
  readonly today: boolean;
}

/** Null when nothing vanished, or everything did: then it is the question that the server does not answer. */
export function lostIn({ steps }: LadderEvidence): Lost | null {
  const vanished = steps.filter(({ error }) => error === 'dns-timeout').map(({ payloadBytes }) => payloadBytes);
  const came = steps.filter(({ sizeBytes }) => sizeBytes !== null).map(({ payloadBytes }) => payloadBytes);
  const least = Math.min(...vanished);
  const most = Math.max(...came.filter((room) => room < least));
  if (vanished.length === 0 || !Number.isFinite(most)) return null;
  return { payloadBytes: least, comesAtBytes: most, today: least <= USUAL_ROOM_BYTES };
}

export function ladderRow(ladder: LadderEvidence): readonly Row[] {
  const { steps, type } = ladder;
  const lost = lostIn(ladder);
  if (lost !== null) return [breaks('large', `it is lost with room for ${lost.payloadBytes} bytes`, lost.today)];
  const over = steps.find(({ sizeBytes, payloadBytes }) => sizeBytes !== null && sizeBytes > payloadBytes);
  if (over !== undefined)
    return [breaks('large', `it sends ${over.sizeBytes} bytes over UDP where ${over.payloadBytes} fit`)];
  const sizes = steps.flatMap(({ sizeBytes, truncated }) => (sizeBytes === null || truncated ? [] : [sizeBytes]));
  const cut = steps.some(({ truncated }) => truncated);
  if (sizes.length === 0) return cut ? [ok('large', `ok, ${type} over TCP only`)] : [];
  const most = Math.max(...sizes);
  if (most <= SMALL_BYTES && !cut) return [fact('large', `none to try: ${type} has ${most} bytes`)];
  return [ok('large', `ok, ${type} of ${most} bytes${cut ? ', cut where it must be' : ''}`)];
}
