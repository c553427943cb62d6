// Owns a zone's balancer: which host is next, what it adds to the answer, its rate limit. TLS is the listener's.
import { Agent } from 'node:http';
import type { Lifetime } from '../lifetime.ts';
import type { Random } from '../random.ts';
import type { ZoneScript } from '../script.ts';
import type { Host } from './host.ts';
import { endToEnd, type Headers, type Request, type Response, send } from './respond.ts';
import { forward } from './upstream.ts';

export interface BalancerOptions {
  readonly zone: ZoneScript;
  readonly hosts: readonly Host[];
  readonly random: Random;
  readonly lifetime: Lifetime;
  /** Monotonic seconds. */
  clock(): number;
}

const LIMIT = 1000;
const WINDOW_SECONDS = 60;

/** Fixed window, announced by the fields of draft-ietf-httpapi-ratelimit-headers-07. */
function rateLimit(clock: () => number): () => Headers {
  let windowStart = clock();
  let used = 0;
  return () => {
    if (clock() - windowStart >= WINDOW_SECONDS) {
      windowStart = clock();
      used = 0;
    }
    used += 1;
    return [
      ['ratelimit-policy', `${LIMIT};w=${WINDOW_SECONDS}`],
      ['ratelimit-limit', String(LIMIT)],
      ['ratelimit-remaining', String(Math.max(0, LIMIT - used))],
      ['ratelimit-reset', String(Math.ceil(windowStart + WINDOW_SECONDS - clock()))],
    ];
  };
}

/** Answers requests of one zone: strict round robin, no health checks (the demo's sick host stays in rotation). */
export function createBalancer(options: BalancerOptions): (request: Request, response: Response) => Promise<void> {
  const { zone, hosts, random, lifetime } = options;
  const agent = new Agent({ keepAlive: true });
  lifetime.atEnd(() => agent.destroy());
  const limited = rateLimit(() => options.clock());
  const via = `1.1 lb-${zone.name}`;
  let turn = 0;
  return async (request, response) => {
    const host = hosts[turn++ % hosts.length];
    const headers: Headers = [['via', via], ['server', 'kms-lb'], ...limited()];
    const pauseMs = zone.delayMs + zone.jitterMs * random();
    if (pauseMs > 0 && !(await lifetime.sleep(pauseMs))) return;
    try {
      if (host === undefined) throw new Error('no host in this zone');
      const answer = await forward(request, host, agent, via);
      const kept = endToEnd(answer.headers).filter(([name]) => name.toLowerCase() !== 'content-length');
      send(response, answer.status, [...kept, ...headers], answer.body);
    } catch {
      send(response, 502, headers, Buffer.from('bad gateway\n'));
    }
  };
}
