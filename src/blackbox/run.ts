// Owns one probe by one module: its bound in time, what every probe tells, and why it failed. Knows no caller.

import type { LogLevel } from '../model/logfmt.ts';
import { lifeOf, type SeenChain, tellChainLife } from './chain-life.ts';
import type { Module } from './config/modules.ts';
import type { Failure } from './failure.ts';
import { Gauges, secondsSince } from './gauges.ts';
import { type OnLine, openProbeLog } from './log.ts';
import type { ProbeContext } from './probe.ts';
import { proberOf } from './probers/by-name.ts';

/** What a probe is given beside the module and the target. */
export interface RunRoom
  extends Pick<ProbeContext, 'resolve' | 'allows' | 'rootsPem' | 'wallClockMs' | 'userAgent' | 'quirks' | 'env'> {
  /** Of the lines that are kept. */
  readonly logLevel: LogLevel;
  /** Told of them too. */
  readonly onLine?: OnLine;
  /** Ends when nobody waits for the probe any more. */
  readonly signal: AbortSignal;
}

/** setTimeout's own bound. */
const MOST_MS = 2_147_483_647;

export interface Outcome {
  readonly gauges: Gauges;
  readonly success: boolean;
  /** Null when it succeeded. */
  readonly failure: Failure | null;
  readonly log: string;
}

export interface Run {
  readonly module: Module;
  readonly name: string;
  readonly target: string;
  readonly hostname: string | null;
  readonly timeoutSeconds: number;
}

/** Never rejects for what the world does. */
export async function runProbe(
  { module, name, target, hostname, timeoutSeconds }: Run,
  room: RunRoom,
): Promise<Outcome> {
  const gauges = new Gauges(room.quirks);
  const log = openProbeLog(room.logLevel, { module: name, target }, room.wallClockMs, room.onLine);
  const succeeded = gauges.gauge('probe_success', 'Displays whether or not the probe was a success');
  const took = gauges.gauge('probe_duration_seconds', 'Returns how long the probe took to complete in seconds');
  const bound = gauges.gauge('probe_timeout_seconds', 'Returns how long the probe timeout is in seconds');
  log.debug('Beginning probe', { probe: module.prober, timeout_seconds: timeoutSeconds });
  const startMs = performance.now();
  const timeoutMs = Math.min(MOST_MS, Math.max(0, timeoutSeconds * 1000));
  const { resolve, allows, rootsPem, wallClockMs, userAgent, quirks, env } = room;
  const prober = await proberOf(module.prober);
  let failure: Failure | null = null;
  const fail = (told: Failure): void => {
    failure ??= told;
  };
  let chain: SeenChain | null = null;
  const sees = (seen: SeenChain): void => {
    chain = seen;
  };
  const success = await withBound(timeoutMs, room.signal, (signal) =>
    prober({
      ...{
        target,
        module,
        hostname,
        gauges,
        log,
        resolve,
        allows,
        rootsPem,
        wallClockMs,
        userAgent,
        quirks,
        env,
        signal,
        fail,
        sees,
      },
      deadlineMs: startMs + timeoutMs,
    }),
  );
  const durationSeconds = secondsSince(startMs);
  took.set(durationSeconds);
  bound.set(timeoutSeconds);
  succeeded.set(success ? 1 : 0);
  if (chain !== null) tellChain(gauges, chain, wallClockMs());
  const told = success ? null : (failure ?? UNSAID);
  if (told !== null) tellFailure(gauges, told);
  if (success) log.debug('Probe succeeded', { duration_seconds: durationSeconds });
  else log.error('Probe failed', { duration_seconds: durationSeconds });
  return { gauges, success, failure: told, log: log.text() };
}

function tellChain(gauges: Gauges, chain: SeenChain, atMs: number): void {
  const life = lifeOf(chain, atMs);
  if (life !== null) tellChainLife(gauges, life);
}

const UNSAID: Failure = { phase: 'answer', reason: 'unexpected', fault: 'target' };

function tellFailure(gauges: Gauges, { phase, reason, fault }: Failure): void {
  gauges
    .labelled('probe_failure_info', 'Where on its way the probe failed, why, and whose fault that is', {
      phase,
      reason,
      fault,
    })
    .set(1);
}

/** Its reason is not shown, and an error of its own for each would cost more than to stop. */
const OVER = new Error('the probe is over');

/** Runs under a signal that ends with the outer one, or after so many ms. */
export async function withBound<T>(
  ms: number,
  outer: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const bound = new AbortController();
  const stop = (): void => bound.abort(OVER);
  const timer = setTimeout(stop, Math.min(MOST_MS, ms));
  outer.addEventListener('abort', stop, { once: true });
  if (ms <= 0 || outer.aborted) stop();
  try {
    return await run(bound.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}
