// Owns what is sent with `--intrusive`: a few requests that break the rules, and one connection held idle, to one endpoint of each zone.
// Bounded in number, size and time. Nothing of the caller's is in them, and no two lengths: no server can take one for two. Judges nothing.
import type { Conversation, ConversationOffer, HeardAnswer } from '../../src/contract/conversation.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { fieldValue } from '../../src/model/fields.ts';
import { paused } from '../../src/model/paused.ts';
import type { Endpoint, Target } from '../../src/model/target.ts';
import { matches } from '../../src/model/text.ts';
import { type Dialect, dialects } from './dialects.ts';
import type { IntrusiveRecord } from './evidence.ts';
import type { BalancerOptions } from './options.ts';

export const MOST_ENDPOINTS = 8;
const HELD_MS = 5000;
const ANSWER_MS = 2000;
const BODY_BYTES = 16_384;
/** More than nginx, HAProxy, Apache, Varnish and Node take by default, in one field. */
const LARGE_BYTES = 20_000;
const USER_AGENT = 'User-Agent: outrider';

type Trial = IntrusiveRecord['trials'][number]['trial'];

/** RFC 9112 3 and 3.2, RFC 9110 2.5 and 9.1. A server answers 400, 431, 501 or 505, or does not mind. */
export function requestsOf({ host, port, scheme }: Target): readonly (readonly [Trial, string])[] {
  const isDefault = port === (scheme === 'https' ? 443 : 80);
  const named = `Host: ${host}${isDefault ? '' : `:${port}`}`;
  const request = (line: string, ...fields: readonly string[]): string =>
    [line, ...fields, USER_AGENT, 'Connection: close', '', ''].join('\r\n');
  return [
    ['no host', request('GET / HTTP/1.1')],
    ['bad host', request('GET / HTTP/1.1', 'Host: not/a host')],
    ['unknown method', request('OUTRIDER / HTTP/1.1', named)],
    ['unknown version', request('GET / HTTP/9.9', named)],
    ['no request line', request('outrider', named)],
    ['large field', request('GET / HTTP/1.1', named, `X-Outrider: ${'x'.repeat(LARGE_BYTES)}`)],
  ];
}

type Context = GatherContext<BalancerOptions>;

/** Null when it was not asked for, or where nothing may be sent. */
export async function intrude(context: Context): Promise<IntrusiveRecord | null> {
  const { converse } = context.net;
  if (!context.options.intrusive || converse === undefined) return null;
  const chosen = oneOfEachZone(context);
  const asked = await Promise.all(
    chosen.map(async (endpoint) => {
      const ask = (offer: ConversationOffer) => converse(endpoint, offer, context.signal);
      const [trials, idle] = await Promise.all([trialsOn(endpoint, context, ask), holdOn(endpoint, context, ask)]);
      return { trials, idle };
    }),
  );
  return { trials: asked.flatMap(({ trials }) => trials), idle: asked.flatMap(({ idle }) => idle) };
}

/** Those that answered; an endpoint without a zone is one by itself. */
function oneOfEachZone({ endpoints, ride }: Context): readonly Endpoint[] {
  const answered = new Set(ride.traces.filter(({ http }) => http !== null).map(({ endpoint }) => endpoint));
  const zones = Map.groupBy(
    endpoints.filter(({ id }) => answered.has(id)),
    ({ id, zone }) => (zone === null ? id : `zone ${zone}`),
  );
  return [...zones.values()].flatMap(([first]) => first ?? []).slice(0, MOST_ENDPOINTS);
}

type Ask = (offer: ConversationOffer) => Promise<Conversation | null>;

/** One after the other, each on a connection of its own: most servers close behind a refusal. */
async function trialsOn(
  endpoint: Endpoint,
  { target, options, signal, net }: Context,
  ask: Ask,
): Promise<IntrusiveRecord['trials']> {
  const records: IntrusiveRecord['trials'] = [];
  for (const [trial, text] of requestsOf(target)) {
    const beganMs = net.now();
    const message = { bytes: Buffer.from(text, 'latin1') };
    const bounds = { everyMs: options.everyMs, atOnce: 1, mostMessages: 1, bodyBytes: BODY_BYTES, answerMs: ANSWER_MS };
    const talk = await ask({ next: () => message, ...bounds });
    if (talk === null || signal.aborted) break;
    const answer = talk.answers[0] ?? null;
    records.push({
      ...{ endpoint: endpoint.id, trial, status: answer?.status ?? null },
      server: answer === null ? null : fieldValue(answer.headers, 'server'),
      by: answer === null ? null : (dialectOf(answer)?.software ?? null),
      headers: (answer?.headers ?? []).slice(0, 32).map(([name, value]): [typeof name, typeof value] => [name, value]),
      ...{ end: talk.end, problem: talk.problem?.code ?? null },
    });
    await paused(beganMs + options.everyMs - net.now(), signal);
  }
  return records;
}

/** Only of an answer that refuses: the page of a service may quote anything. */
export function dialectOf({ status, reason, bodyStart }: HeardAnswer): Dialect | null {
  if (status !== 0 && (status < 400 || status > 505)) return null;
  return dialects.find(({ where, pattern }) => matches(where === 'body' ? bodyStart : reason, pattern)) ?? null;
}

/** The request of the ride, and then silence. */
async function holdOn(endpoint: Endpoint, { options }: Context, ask: Ask): Promise<IntrusiveRecord['idle']> {
  const bounds = { everyMs: options.everyMs, atOnce: 1, mostMessages: 1, bodyBytes: BODY_BYTES, answerMs: ANSWER_MS };
  const talk = await ask({ next: () => 'ride', ...bounds, idleMs: HELD_MS });
  const answer = talk?.answers[0];
  if (talk === null || answer?.whole !== true) return [];
  return [
    {
      endpoint: endpoint.id,
      version: answer.version,
      connection: fieldValue(answer.headers, 'connection'),
      keepAlive: fieldValue(answer.headers, 'keep-alive'),
      ...{ heldMs: HELD_MS, end: talk.end, closedAfterMs: talk.closedAfterMs },
    },
  ];
}
