// Owns the record of one step as traces are drawn from it. Concealed by whoever made it: no value of a secret, cookie, capture or query is in
// it, and no body.
import type { Problem } from './problem.ts';
import type { Endpoint } from './target.ts';
import type { WireText } from './text.ts';
import type { HopId, HttpFacts, Span, TcpFacts, TlsFacts } from './trace.ts';

export type TalkKind = 'websocket' | 'grpc-health' | 'lines';

export interface ExchangeTrace {
  /** What is spoken in its place, when that is not plain HTTP. */
  readonly method: string;
  /** Which of them; null for plain HTTP. */
  readonly talk: TalkKind | null;
  /** Whole, http or https. */
  readonly url: string;
  /** Names of the header fields that the step gave. */
  readonly headerNames: readonly string[];
  /** Null when the name gave no address that may be gone to. */
  readonly endpoint: Endpoint | null;
  readonly startMs: number;
  readonly spans: Readonly<Partial<Record<HopId, Span>>>;
  readonly reused: boolean;
  readonly tcp: TcpFacts | null;
  readonly tls: TlsFacts | null;
  readonly http: HttpFacts | null;
  readonly problem: Problem | null;
  /** As they went out; absent when it was part of no trace. */
  readonly traceId?: string;
  readonly spanId?: string;
}

export interface StepTrace {
  readonly name: string;
  /** 0-based. */
  readonly round: number;
  /** Null when nothing was sent. */
  readonly startMs: number | null;
  readonly durationMs: number;
  readonly outcome: 'passed' | 'unmet' | 'failed' | 'skipped';
  readonly because: WireText | null;
  /** In order; what an answer redirected to is one of its own. */
  readonly exchanges: readonly ExchangeTrace[];
}

export type OnStep = (step: StepTrace) => void;
