// Owns what each kind of talk is given, and what it gives back. Declarations alone.
import type { Socket } from 'node:net';
import type { HttpFacts } from '../../model/trace.ts';

export interface Wire {
  /** Ready: connected, and secured where that was asked for. */
  readonly socket: Socket;
  /** `name:port` as in the field Host. */
  readonly authority: string;
  readonly path: string;
  readonly scheme: 'http' | 'https';
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told once when the other side has answered. */
  readonly onAnswer: () => void;
}

export interface Said {
  readonly http: HttpFacts | null;
  readonly body: Uint8Array | null;
  readonly refused: string | null;
}

/** Of one message, or of all lines. */
export const MAX_SAID_BYTES = 65_536;
