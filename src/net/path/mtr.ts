// Owns tracing by the program mtr, where it is installed and this machine does not let us do it ourselves: its raw lines in, replies out.
// Never used unasked. Its clock is its own: nothing here is stamped by the kernel.
import { spawn } from 'node:child_process';
import type { Traced, TraceOptions, TraceReply } from '../../contract/path.ts';
import type { Attempt } from '../../model/problem.ts';
import { type Endpoint, ipAddress } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import { now } from '../clock.ts';

/** Lines and lengths beyond these are not read: 64 routers, 100 rounds, four lines each. */
const MAX_LINES = 64 * 100 * 4;
const MAX_TTL = 64;

/** A user without rights may not ask faster than once a second. */
function mtrArguments({ address, port }: Endpoint, { method, rounds, maxTtl }: TraceOptions): readonly string[] {
  const how = method === 'tcp' ? ['--tcp', '--port', String(port)] : ['--udp'];
  return ['--raw', ...how, '--no-dns', '--report-cycles', String(rounds), '--max-ttl', String(maxTtl), address];
}

interface Sent {
  readonly ttl: number;
  readonly round: number;
  microseconds: number | null;
}

/**
 * `x POSITION NUMBER`: sent; `h POSITION ADDRESS`: who answered; `p POSITION MICROSECONDS NUMBER`: the answer (mtr's ui/raw.c). Of a position that several
 * routers answer at, each answer is of the one named last. Other lines are passed over.
 */
export function readMtr(text: string, target: IpAddress): readonly TraceReply[] {
  const sent = new Map<number, Sent>();
  const hosts = new Map<number, IpAddress>();
  const rounds = new Map<number, number>();
  const from = new Map<number, IpAddress>();
  for (const line of text.split('\n', MAX_LINES)) {
    const [kind, position = '', third = '', fourth = ''] = line.trim().split(' ');
    const ttl = /^\d{1,3}$/.test(position) ? Number(position) + 1 : MAX_TTL + 1;
    if (ttl > MAX_TTL) continue;
    if (kind === 'x' && /^\d{1,9}$/.test(third)) {
      const round = rounds.get(ttl) ?? 0;
      rounds.set(ttl, round + 1);
      sent.set(Number(third), { ttl, round, microseconds: null });
    }
    const host = kind === 'h' ? ipAddress(third) : null;
    if (host !== null) hosts.set(ttl, host);
    const asked = kind === 'p' && /^\d{1,9}$/.test(third) ? sent.get(Number(fourth)) : undefined;
    const who = hosts.get(ttl);
    if (asked === undefined || asked.ttl !== ttl || who === undefined) continue;
    asked.microseconds = Number(third);
    from.set(Number(fourth), who);
  }
  const replies = [...sent].map(([number, one]) => replyOf(one, from.get(number) ?? null, target));
  // It asks on before it knows how far the target is.
  const nearest = Math.min(...replies.flatMap(({ outcome, ttl }) => (outcome === 'reached' ? [ttl] : [])));
  return replies.filter(({ ttl }) => ttl <= nearest);
}

function replyOf({ ttl, round, microseconds }: Sent, from: IpAddress | null, target: IpAddress): TraceReply {
  const outcome = from === null ? 'silent' : from === target ? 'reached' : 'router';
  return {
    ...{ flow: 0, round, ttl, outcome, from, icmp: null, clock: 'loop', replyTtl: null, quotedMssBytes: null },
    latencyMs: microseconds === null ? null : microseconds / 1000,
  };
}

/** `skipped` when it is not installed or not allowed, with its reason. What had come when the signal came is kept. */
export function traceByMtr(endpoint: Endpoint, options: TraceOptions, signal: AbortSignal): Promise<Attempt<Traced>> {
  const beganMs = now();
  return new Promise((resolve) => {
    const child = spawn('mtr', mtrArguments(endpoint, options), { stdio: ['ignore', 'pipe', 'ignore'], signal });
    let text = '';
    child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
      if (text.length < MAX_LINES * 40) text += chunk;
    });
    // Also when the signal ends it: then it closes too.
    child.once('error', (error) => {
      if (!signal.aborted)
        resolve({ state: 'skipped', because: `the program mtr cannot be started: ${error.message}` });
    });
    child.once('close', (code) => {
      const value: Traced = {
        ...{ method: options.method, sourcePorts: [null], pathMtuBytes: null },
        replies: readMtr(text, endpoint.address),
      };
      const elapsedMs = now() - beganMs;
      if (signal.aborted) resolve({ state: 'unfinished', value, elapsedMs });
      else if (code === 0) resolve({ state: 'complete', value, elapsedMs });
      else resolve({ state: 'skipped', because: 'the program mtr could not trace (may this user?)' });
    });
  });
}
