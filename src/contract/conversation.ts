// Owns what a probe may say on one connection beyond the ride, and what it is told of the answers. Declared here, fulfilled by src/net.
// HTTP/1 only, one message after the other: what is sent next may depend on what was answered.
import type { Problem } from '../model/problem.ts';
import type { Endpoint } from '../model/target.ts';
import type { DnsName, WireText } from '../model/text.ts';

/** `ride`: the very request of the ride, in HTTP/1.1. Bytes go as they are; `head` is true where the answer has no body (RFC 9112 6.3). */
export type Message = 'ride' | { readonly bytes: Uint8Array; readonly head?: true };

export interface ConversationOffer {
  /** Null: no SNI. Absent: as in the ride. */
  readonly servername?: DnsName | null;
  /** Called before each message; null: nothing more is sent. */
  readonly next: (answers: readonly HeardAnswer[]) => Message | null;
  /** From the sending of one message to that of the next at least. */
  readonly everyMs: number;
  /** Messages at the beginning that wait for their answers alone. */
  readonly atOnce: number;
  readonly mostMessages: number;
  /** Of the body of one answer; where more comes it is cut, and nothing more is said. */
  readonly bodyBytes: number;
  /** An answer is not waited for longer. */
  readonly answerMs: number;
  /** Behind the last answer nothing is said for this long, to see whether the server closes. Absent: hung up at once. */
  readonly idleMs?: number;
}

/** One answer, however odd. */
export interface HeardAnswer {
  /** As the status line has it, `HTTP/1.0`; null without status line, which is how HTTP/0.9 answers. */
  readonly version: WireText | null;
  /** 0 without status line. */
  readonly status: number;
  readonly reason: WireText;
  /** In the order and the letters sent; cut as those of the ride. */
  readonly headers: readonly (readonly [WireText, WireText])[];
  readonly bodyBytes: number;
  /** The first 512 bytes as UTF-8. */
  readonly bodyStart: WireText;
  /** False when the connection ended, or time or room did, before its end. */
  readonly whole: boolean;
  /** From the message sent to the first byte, by this process' clock. */
  readonly waitMs: number;
}

export interface Conversation {
  /** At most one for each message; fewer when the server closed, or did not answer. */
  readonly answers: readonly HeardAnswer[];
  readonly sent: number;
  /** How the connection ended: still open (then hung up by us), closed by the server, or reset. */
  readonly end: 'open' | 'closed' | 'reset';
  /** From the last byte of the server to its closing; null when it did not. */
  readonly closedAfterMs: number | null;
  /** Why it did not come to a first message, or why an answer is missing that did not come for a closed connection. */
  readonly problem: Problem | null;
}

/**
 * One connection to the pinned address. Counted in the budget. Null where the request of the ride must not be repeated at will: its
 * method is not safe (RFC 9110 9.2.1) or it has a body. Never rejects for what the world does.
 */
export type Converse = (
  endpoint: Endpoint,
  offer: ConversationOffer,
  signal: AbortSignal,
) => Promise<Conversation | null>;
