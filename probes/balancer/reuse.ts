// Owns a few requests on one connection beyond the ride: whether the host changes within it. Bounded in number, size and time. Judges nothing.
import type { HeardAnswer } from '../../src/contract/conversation.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { fieldValues } from '../../src/model/fields.ts';
import { capture, interpret, type TextKey, textKey, type WireText } from '../../src/model/text.ts';
import type { EndpointHosts, HostsEvidence } from '../hosts/evidence.ts';
import type { ReuseRecord } from './evidence.ts';
import type { BalancerOptions } from './options.ts';

export const MOST_ENDPOINTS = 8;
export const MOST_REQUESTS = 12;
/** Hosts in turns would have changed by then, unless others ask at the same time. */
export const WITH_TURNS = 4;
/** Chance of one host throughout when each request is given to any host by its share: below it one host is no accident. */
export const ACCIDENT = 0.005;
/** At this pace the first two requests go without a pause: most balancers of requests need no third, and a ride is not held up. */
const QUICK_MS = 100;
/** Of one answer. Where the ride's bodies are larger, nothing more is asked for. */
const BODY_BYTES = 65_536;
const ANSWER_MS = 2000;
/** Not begun anew after this time: at a slow pace few requests are better than a long wait. */
const MOST_MS = 3000;

/** Traits that were made to name a host: what several hosts share, or changes by itself, would tell nothing here. */
const NOT_BY_ANSWER: ReadonlySet<string> = new Set([
  ...['TLS ticket key', 'certificate', 'etag', 'last-modified', 'clock', 'TCP segment size', 'server-timing', 'via'],
]);

/** One record for each endpoint that was asked. */
export async function reuseOf(context: GatherContext<BalancerOptions>): Promise<readonly ReuseRecord[]> {
  const { net, options, endpoints, ride, signal } = context;
  const hosts = context.earlier['hosts'] as HostsEvidence | undefined;
  const { converse } = net;
  if (!options.reuse || converse === undefined || signal.aborted) return [];
  const several = (hosts?.byEndpoint ?? []).filter(({ seen, identifiedBy, endpoint }) => {
    const bodies = ride.traces.filter((trace) => trace.endpoint === endpoint).map(({ http }) => http?.bodyBytes ?? 0);
    const isSmall = bodies.every((bytes) => bytes <= BODY_BYTES);
    return (seen ?? 0) > 1 && identifiedBy !== null && !NOT_BY_ANSWER.has(identifiedBy) && isSmall;
  });
  const asked = several.slice(0, MOST_ENDPOINTS).map(async (known) => {
    const endpoint = endpoints.find(({ id }) => id === known.endpoint);
    return endpoint === undefined ? [] : askOn(known, context, converse.bind(null, endpoint));
  });
  return (await Promise.all(asked)).flat();
}

type Ask = (
  offer: Parameters<NonNullable<GatherContext<unknown>['net']['converse']>>[1],
  signal: AbortSignal,
) => ReturnType<NonNullable<GatherContext<unknown>['net']['converse']>>;

async function askOn(
  known: EndpointHosts,
  { net, options, signal }: GatherContext<BalancerOptions>,
  ask: Ask,
): Promise<readonly ReuseRecord[]> {
  const beganMs = net.now();
  const wanted = requestsFor(known);
  const hostOf = readerOf(known);
  const next = (answers: readonly HeardAnswer[]): 'ride' | null => {
    const seen = new Set(answers.flatMap((answer) => hostOf(answer) ?? []));
    const isLate = answers.length > 0 && net.now() - beganMs > MOST_MS;
    return seen.size > 1 || isLate || answers.length >= wanted ? null : 'ride';
  };
  const atOnce = options.everyMs <= QUICK_MS ? 2 : 1;
  const bounds = { atOnce, everyMs: options.everyMs, mostMessages: wanted, bodyBytes: BODY_BYTES, answerMs: ANSWER_MS };
  const talk = await ask({ next, ...bounds }, signal);
  if (talk === null || signal.aborted) return [];
  const named = talk.answers.flatMap((answer) => hostOf(answer) ?? []);
  return [
    {
      endpoint: known.endpoint,
      ...{ requests: talk.sent, answered: talk.answers.length, named: named.length, hosts: new Set(named).size },
      chance: named.length === 0 ? null : chanceOf(known, named.length),
      end: talk.end,
      problem: talk.problem?.code ?? null,
    },
  ];
}

/** As many as make one host throughout no accident. */
function requestsFor(known: EndpointHosts): number {
  const counts = Array.from({ length: MOST_REQUESTS - 1 }, (_, at) => at + 2);
  const enough = counts.find((requests) => chanceOf(known, requests) <= ACCIDENT) ?? MOST_REQUESTS;
  return known.order?.period == null ? enough : Math.min(enough, WITH_TURNS);
}

/** That all requests meet the same host when each is given to any by its share of the ride. */
function chanceOf({ hosts }: EndpointHosts, requests: number): number {
  const all = hosts.reduce((sum, host) => sum + host.requests, 0);
  const chance = hosts.reduce((sum, host) => sum + (host.requests / all) ** requests, 0);
  return all === 0 ? 1 : Math.min(1, Math.round(chance * 1e6) / 1e6);
}

/** The host of an answer, by the trait that told the hosts of the ride apart; null for one that the ride has not met. */
function readerOf({ identifiedBy, hosts }: EndpointHosts): (answer: HeardAnswer) => TextKey | null {
  const known = new Set(hosts.map(({ identity }) => textKey(identity)));
  return ({ headers }) => {
    const values = identifiedBy === null ? [] : traitsOf(headers, identifiedBy);
    return values.map(textKey).find((value) => known.has(value)) ?? null;
  };
}

/** As the hosts probe reads it: a header by its name, or `cookie NAME`, which may go on with the name of a pool. */
function traitsOf(headers: HeardAnswer['headers'], identifiedBy: string): readonly WireText[] {
  if (!identifiedBy.startsWith('cookie ')) return fieldValues(headers, identifiedBy).slice(0, 1);
  const name = identifiedBy.slice('cookie '.length).toLowerCase();
  const lines = fieldValues(headers, 'set-cookie').filter((line) =>
    interpret(line, (raw) => raw.toLowerCase().startsWith(name)),
  );
  return lines.flatMap((line) => capture(line, /^[^=;]*=([^;]+)/) ?? []);
}
