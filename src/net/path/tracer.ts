// Owns tracing the network to an endpoint: flows side by side, lifetimes of one flow one after another (the kernel has a 4-tuple once), rounds,
// and how long an answer is waited for. Judges nothing. Never blocks the loop, never sends two packets at once.
import { release } from 'node:os';
import type { Trace, Traced, TraceOptions, TraceReply, TryFullSize } from '../../contract/path.ts';
import { type Attempt, type Problem, problem } from '../../model/problem.ts';
import type { Endpoint } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import { now } from '../clock.ts';
import * as layout from '../libc/layout.ts';
import type { Libc } from '../libc/libc.ts';
import { openLibc } from '../libc/open.ts';
import type { Meter } from '../meter.ts';
import type { Opening } from './opening.ts';
import { type Fate, sendPacket, type Wire } from './packet.ts';
import { pause } from './pause.ts';
import { openPoller } from './poller.ts';

/** Between two packets of this process, ms. */
const PACE_MS = 2;
/** Routers answer a few packets at once and then one a second (Linux: icmp_ratelimit): quick rounds, then slow ones. */
const QUICK_ROUNDS = 6;
const SLOW_ROUND_MS = 1000;
/** A router answers out of the way of its traffic, at its leisure: not waited for less, ms. */
const LEAST_PATIENCE_MS = 300;
const PATIENCE_FACTOR = 3;
/** Answers missing in a row after which the full patience is back: what lies behind them may be far. */
const HASTY_MISSES = 2;
/** Lifetimes at which one router answers, from which on it is a loop: two may be a change of the path. */
const LOOP_PLACES = 3;
/** The first kernel whose unprivileged SYN reads its errors. */
const NEEDED_KERNEL = [5, 9] as const;

export interface Tracer {
  readonly trace: Trace;
  readonly fullSize: TryFullSize;
  close(): void;
}

/** Nothing is loaded or opened before the first trace. @param opening what is said to try packets of full size; null: there is nothing to say */
export function openTracer(meter: Meter, opening: Opening | null = null): Tracer {
  let ready: Promise<Ready> | null = null;
  let closed = false;
  let idle: (() => void) | null = null;
  const makeReady = async (): Promise<Ready> => {
    const opened = await openLibc();
    if (opened.libc === null) return { because: opened.because };
    idle = keepStamping(opened.libc);
    if (closed) idle();
    return { libc: opened.libc, poller: openPoller(opened.libc, now), turn: pacer() };
  };
  return {
    async trace(endpoint, options, signal) {
      ready ??= makeReady();
      const own = await ready;
      if ('because' in own) {
        if (options.mtr === true) return await (await import('./mtr.ts')).traceByMtr(endpoint, options, signal);
        return { state: 'skipped', because: `the path cannot be traced from here: ${own.because}` };
      }
      // An older kernel keeps to itself what it hears of a SYN, but not of a datagram.
      const method = kernelReads(release()) ? options.method : 'udp';
      return await traceWith({ ...own, meter, signal }, endpoint, { ...options, method });
    },
    async fullSize(endpoint, signal) {
      ready ??= makeReady();
      const own = await ready;
      if ('because' in own) return { state: 'skipped', because: own.because };
      if (opening === null) return { state: 'skipped', because: 'nothing is known to say to such an endpoint' };
      return await (await import('./full-size.ts')).tryFullSize({ ...own, meter, signal }, endpoint, opening);
    },
    close() {
      closed = true;
      idle?.();
      idle = null;
    },
  };
}

type Ready = { readonly because: string } | Omit<Tracing, 'meter' | 'signal'>;

interface Tracing extends Wire {
  readonly meter: Meter;
  /** Resolves when the next packet may be sent. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
}

/** `6.18.44-fc` and the like: uname(2). */
export function kernelReads(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > NEEDED_KERNEL[0] || (major === NEEDED_KERNEL[0] && minor >= NEEDED_KERNEL[1]);
}

/** The kernel stamps packets only while some socket wants it, and takes its time to begin. Gives back how to end it. */
function keepStamping(libc: Libc): () => void {
  const fd = libc.socket(layout.AF_INET, layout.SOCK_DGRAM | layout.SOCK_CLOEXEC | layout.SOCK_NONBLOCK, 0);
  if (fd < 0) return () => undefined;
  libc.setsockopt(fd, layout.SOL_SOCKET, layout.SO_TIMESTAMPNS, layout.int32(1));
  return () => void libc.close(fd);
}

function pacer(): Tracing['turn'] {
  let nextMs = 0;
  return async (signal) => {
    const waitMs = nextMs - now();
    nextMs = Math.max(nextMs, now()) + PACE_MS;
    if (waitMs > 0) await pause(waitMs, signal);
  };
}

interface Sharing {
  readonly replies: TraceReply[];
  readonly sourcePorts: (number | null)[];
  mtuBytes: number | null;
  /** The kernel's refusal to send anything. */
  refused: number | null;
  slowestMs: number;
}

async function traceWith(tracing: Tracing, endpoint: Endpoint, options: TraceOptions): Promise<Attempt<Traced>> {
  const beganMs = now();
  const sharing: Sharing = { replies: [], sourcePorts: [], mtuBytes: null, refused: null, slowestMs: 0 };
  await Promise.all(
    Array.from({ length: options.flows }, (_, flow) => traceFlow(tracing, endpoint, options, sharing, flow)),
  );
  const elapsedMs = now() - beganMs;
  const { replies, sourcePorts, refused } = sharing;
  if (replies.length === 0 && refused !== null) return { state: 'failed', problem: problemOf(refused), elapsedMs };
  const value: Traced = {
    ...{ method: options.method, sourcePorts, pathMtuBytes: sharing.mtuBytes },
    replies,
  };
  return { state: tracing.signal.aborted ? 'unfinished' : 'complete', value, elapsedMs };
}

interface FlowState {
  sourcePort: number;
  /** Lifetime behind which nothing is to be learnt. */
  farthest: number;
  /** True when something answered at `farthest` that is no router on the way. */
  ended: boolean;
  /** How long was waited in vain, by lifetime, ms. */
  readonly vain: Map<number, number>;
}

async function traceFlow(
  tracing: Tracing,
  endpoint: Endpoint,
  options: TraceOptions,
  sharing: Sharing,
  flow: number,
): Promise<void> {
  const sourcePort = flow === 0 ? (options.sourcePort ?? 0) : 0;
  const state: FlowState = { sourcePort, farthest: options.maxTtl, ended: false, vain: new Map() };
  for (let round = 0; round < options.rounds && state.farthest > 0; round++) {
    const beganMs = now();
    const goesOn = await traceRound(tracing, endpoint, options, sharing, state, { flow, round });
    if (!goesOn || tracing.signal.aborted) return;
    const isLast = round + 1 === options.rounds;
    if (round + 1 >= QUICK_ROUNDS && !isLast) await pause(SLOW_ROUND_MS - (now() - beganMs), tracing.signal);
  }
}

/** False when the kernel sends no more. */
async function traceRound(
  tracing: Tracing,
  endpoint: Endpoint,
  options: TraceOptions,
  sharing: Sharing,
  state: FlowState,
  at: { readonly flow: number; readonly round: number },
): Promise<boolean> {
  let misses = 0;
  const seen = new Map<IpAddress, number>();
  for (let ttl = 1; ttl <= state.farthest; ttl++) {
    if (state.ended && ttl === state.farthest && at.round >= options.targetRounds) return true;
    const giveUpMs = patience(options, sharing, misses);
    // Silent before, and as long waited for: a router that says nothing.
    if ((state.vain.get(ttl) ?? 0) >= giveUpMs) continue;
    await tracing.turn(tracing.signal);
    if (tracing.signal.aborted) return false;
    const { address, family, port } = endpoint;
    const packet = { method: options.method, address, family, port, sourcePort: state.sourcePort, ttl, giveUpMs };
    const fate = await sendPacket(tracing, packet);
    if (!taken(tracing, sharing, state, fate, at.flow)) return false;
    // Cut off by the signal, not silent.
    if (fate.came.outcome === 'silent' && tracing.signal.aborted) return false;
    sharing.replies.push({ ...at, ttl, ...fate.came });
    sharing.slowestMs = Math.max(sharing.slowestMs, fate.came.latencyMs ?? 0);
    if (fate.came.outcome === 'silent') {
      misses++;
      state.vain.set(ttl, giveUpMs);
      if (misses < options.silentStop) continue;
      // Nobody speaks behind the last that did.
      state.farthest = ttl - misses;
      return true;
    }
    misses = 0;
    if (fate.came.outcome === 'router' && !isLooping(seen, fate.came.from)) continue;
    state.farthest = ttl;
    state.ended = fate.came.outcome !== 'router';
    return true;
  }
  return true;
}

/** Counts the router. One that stands at three places sends packets in a circle: there is no end to wait for. */
function isLooping(seen: Map<IpAddress, number>, from: IpAddress | null): boolean {
  if (from === null) return false;
  const places = (seen.get(from) ?? 0) + 1;
  seen.set(from, places);
  return places >= LOOP_PLACES;
}

function taken(
  { meter }: Tracing,
  sharing: Sharing,
  state: FlowState,
  fate: Fate,
  flow: number,
): fate is Extract<Fate, { sent: true }> {
  if (!fate.sent) {
    sharing.refused = fate.errno;
    return false;
  }
  meter.add({ traceProbes: 1 });
  state.sourcePort = fate.sourcePort;
  sharing.sourcePorts[flow] = fate.sourcePort;
  sharing.mtuBytes = fate.mtuBytes ?? sharing.mtuBytes;
  return true;
}

/** Full until somebody has answered, then by how slow the slowest was, and full again when nobody answers any more. */
function patience({ giveUpMs }: TraceOptions, { slowestMs }: Sharing, misses: number): number {
  if (slowestMs === 0 || misses >= HASTY_MISSES) return giveUpMs;
  return Math.min(giveUpMs, Math.max(LEAST_PATIENCE_MS, slowestMs * PATIENCE_FACTOR));
}

function problemOf(errno: number): Problem {
  const { errnos } = layout;
  switch (errno) {
    case errnos.EMFILE:
    case errnos.ENFILE:
    case errnos.EADDRINUSE:
    case errnos.EADDRNOTAVAIL:
      return problem('no-descriptors', 'gather');
    case errnos.EAFNOSUPPORT:
      return problem('no-ipv6', 'gather');
    case errnos.EPERM:
    case errnos.EACCES:
      return problem('denied', 'gather');
    default:
      return problem('no-route', 'gather');
  }
}
