// Owns what every probe by a module stands on, whoever makes it: names, addresses, roots, what it calls itself. The same in each thread.
import { addressPolicy } from '../agent/address-policy.ts';
import type { RunRoom } from '../blackbox/run.ts';
import type { DnsServer } from '../contract/net.ts';
import type { LogLevel } from '../model/logfmt.ts';
import { resolveUnder } from './name-lookup.ts';
import { systemRoots } from './roots.ts';

/** Can be sent to a thread. */
export interface GroundOptions {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly quirks: boolean;
  readonly logProber: LogLevel;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null: the system's. */
  readonly resolvers: readonly DnsServer[] | null;
}

export type ProbeGround = Omit<RunRoom, 'signal' | 'onLine'>;

/** @throws UsageError */
export async function openProbeGround(options: GroundOptions, wallClockMs: () => number): Promise<ProbeGround> {
  const { allow, deny, quirks, logProber, version, env, resolvers } = options;
  const allows = addressPolicy(allow, deny);
  return {
    ...{ allows, resolve: resolveUnder(allows, resolvers) },
    rootsPem: await systemRoots(env),
    wallClockMs,
    userAgent: `Blackbox-Exporter/outrider-${version}`,
    ...{ quirks, env, logLevel: logProber },
  };
}
