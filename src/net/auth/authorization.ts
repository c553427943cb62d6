// Owns what shows who the caller is, as whoever sends a request asks for it. Declarations alone.
import type { Call } from '../../contract/call.ts';
import type { Problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';

/** A request as far as a signature covers it. */
export interface Signable {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | null;
  /** Wall clock, Unix ms. */
  readonly atMs: number;
}

export interface Authorization {
  /** Settles when what the next request needs is at hand, or cannot be had. Never rejects. */
  ready(signal: AbortSignal): Promise<void>;
  /** @throws StepFailure when nothing could be had to show */
  fields(request: Signable): readonly (readonly [string, Secret])[];
  /** Why there is nothing to show; null: there is, as far as it was asked for. */
  failure(): Problem | null;
  /** Everything that an answer must not show, as far as it is known by now. */
  secrets(): readonly Secret[];
}

export interface AuthorizationOptions {
  /** For what a token endpoint is asked. */
  readonly call: Call;
  /** Wall clock, Unix ms. */
  readonly wallMs: () => number;
}
