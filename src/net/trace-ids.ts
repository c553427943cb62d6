// Owns the making of trace and span ids. Nothing else of this program draws one.
import { randomBytes } from 'node:crypto';
import type { TraceContext } from '../model/trace-context.ts';

export type TraceIds = Pick<TraceContext, 'traceId' | 'spanId'>;
/** @param atMs wall clock of the sample's start, Unix ms */
export type MintTraceIds = (atMs: number) => TraceIds;

/**
 * The first 8 digits are the second of the start, as X-Ray demands of the ids it takes; it refuses those older than 30 days. The other 12
 * bytes are random: more than the 7 that W3C Trace Context 2 wants on the right of a random id.
 */
export function openTraceIds(random: (bytes: number) => Uint8Array = randomBytes): MintTraceIds {
  return (atMs) => {
    const second = Math.floor(atMs / 1000) % 0x1_0000_0000;
    return {
      traceId: second.toString(16).padStart(8, '0') + hex(random(12)),
      spanId: spanIdFrom(random),
    };
  };
}

/** One more span of a trace. */
export function newSpanId(): string {
  return spanIdFrom(randomBytes);
}

function spanIdFrom(random: (bytes: number) => Uint8Array): string {
  const id = hex(random(8));
  // All zero stands for "no span": once in 2^64.
  return /^0+$/.test(id) ? '0000000000000001' : id;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
