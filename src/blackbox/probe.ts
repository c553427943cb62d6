// Owns what a prober gets and gives back. Knows no prober by name.
import type { SeenChain } from './chain-life.ts';
import type { Module } from './config/modules.ts';
import type { Failure } from './failure.ts';
import type { Gauges } from './gauges.ts';
import type { ProbeLog } from './log.ts';
import type { Environment } from './proxy-choice.ts';

/** Addresses of a name in the order the system would try them; throws for a name without any, with the system's words. */
export type ResolveName = (name: string, family: 4 | 6 | null, signal: AbortSignal) => Promise<readonly string[]>;

/** Says why an address must not be gone to; null: it may. Asked before every connection, those of redirects too. */
export interface AddressRule {
  /**
   * @param to an address; or a name, where somebody else looks it up (a proxy), or it is only said (Host)
   * @param name by which the address was found
   */
  (to: string, name?: string): string | null;
  /** Says why no name may lead to this one, by aliases either; absent or null: names need not be followed. */
  readonly follows?: ((name: string) => string | null) | null;
}

export interface ProbeContext {
  /** As asked for, decoded. */
  readonly target: string;
  readonly module: Module;
  /** Of the URL parameter; null without. The http prober sends it as Host, the tcp prober as server name. */
  readonly hostname: string | null;
  /** Ends the probe; its reason is not shown. */
  readonly signal: AbortSignal;
  /** `performance.now()` at which `signal` fires. */
  readonly deadlineMs: number;
  readonly gauges: Gauges;
  readonly log: ProbeLog;
  readonly resolve: ResolveName;
  readonly allows: AddressRule;
  /** PEM of the roots where a module names none; null: those of Node. */
  readonly rootsPem: string | null;
  /** Wall clock, Unix ms. */
  readonly wallClockMs: () => number;
  /** What the exporter calls itself in requests. */
  readonly userAgent: string;
  /** Names the proxies of modules with `proxy_from_environment`. */
  readonly env: Environment;
  /** Told why the probe fails; the first word stands. */
  readonly fail: (failure: Failure) => void;
  /** Told the chain of every TLS server that is probed, whatever becomes of its handshake; the last word stands. */
  readonly sees: (chain: SeenChain) => void;
  /** False: its quirks are mended (`--no-quirks`). */
  readonly quirks: boolean;
}

/** True: success. Never rejects for what the world does. */
export type Prober = (context: ProbeContext) => Promise<boolean>;
