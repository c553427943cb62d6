// Owns following work that a 202 began: its status is asked for until it ends, bounded in number and time. Judges nothing.
import type { Call, CallRecord } from '../../src/contract/call.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { fieldValue } from '../../src/model/fields.ts';
import { paused } from '../../src/model/paused.ts';
import { sameText, type WireText, wireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import type { WorkflowRecord } from './evidence.ts';
import {
  DOCUMENT_BYTES,
  isAppliedPreference,
  type Read,
  read,
  retryAfterMs,
  sameOrigin,
  whereToAsk,
} from './operation.ts';
import type { LayersOptions } from './options.ts';

export const MOST_POLLS = 20;
export const MOST_MS = 15_000;
/** Between two questions where no Retry-After says how long; it grows. */
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 2000;
const GROWTH = 1.5;
const PATH_LENGTH = 200;
/** Too many questions, and what a proxy says that has no answer (RFC 6585 4, RFC 9110 15.6): nothing of the work. */
const PUT_OFF = new Set([429, 502, 503, 504]);
/** Of the request that began the work: they are about its body, or about what came before it. */
const NOT_AGAIN = /^(content-.*|transfer-encoding|expect|prefer|idempotency-key|if-.*|range|accept-encoding)$/i;

type Poll = WorkflowRecord['polls'][number];

/** The first sample that was answered 202; the others began work of their own, which is left alone. */
function firstAccepted({ traces }: GatherContext<LayersOptions>['ride']): RequestTrace | null {
  const first = traces.toSorted((a, b) => a.startMs - b.startMs)[0];
  return first?.http?.status === 202 ? first : null;
}

export async function workflowOf(context: GatherContext<LayersOptions>): Promise<WorkflowRecord | null> {
  const { ride, endpoints, target, net, options, signal } = context;
  const sample = firstAccepted(ride);
  if (sample === null || sample.http === null) return null;
  const { headers } = sample.http;
  const where = whereToAsk(headers);
  const url = where === null ? null : sameOrigin(where.reference, target.url);
  const endpoint = endpoints.find(({ id }) => id === sample.endpoint);
  const begun = {
    ...{ endpoint: sample.endpoint, by: where?.by ?? null, preferred: isAppliedPreference(headers) },
    path: url === null ? null : wireText(url.pathname, PATH_LENGTH),
  };
  const untold = { ...begun, polls: [], stages: [], outcome: null, endedAfterMs: null };
  if (where === null) return { ...untold, because: 'it does not say where to ask for its work' };
  if (url === null) return { ...untold, because: 'it leads to another origin, which is not asked' };
  if (!options.poll) return { ...untold, because: 'asking for it was turned off' };
  if (net.call === undefined || endpoint === undefined || signal.aborted) {
    return { ...untold, because: 'nothing may be sent beyond the ride' };
  }
  const asked = { url: url.href, endpoint, by: where.by, call: net.call };
  return { ...begun, ...(await follow(sample, asked, context)) };
}

interface Asked {
  readonly url: string;
  readonly endpoint: GatherContext<LayersOptions>['endpoints'][number];
  readonly by: NonNullable<WorkflowRecord['by']>;
  readonly call: Call;
}

type Followed = Pick<WorkflowRecord, 'polls' | 'stages' | 'outcome' | 'endedAfterMs' | 'because'>;

async function follow(sample: RequestTrace, asked: Asked, context: GatherContext<LayersOptions>): Promise<Followed> {
  const { net, signal } = context;
  const stop = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
  const beganMs = net.now();
  const polls: Poll[] = [];
  let pauseMs = FIRST_PAUSE_MS;
  // What the 202 asked for has gone by, or part of it, while the ride went on.
  let dueMs = 0;
  let because: string | null = null;
  while (because === null) {
    await paused(dueMs, stop);
    if (stop.aborted) break;
    const { poll, outcome, retryMs } = await askOnce(sample, asked, context, stop);
    polls.push(poll);
    if (outcome !== 'running') return { ...told(polls), outcome, endedAfterMs: betweenPolls(polls), because: null };
    const leftMs = MOST_MS - (net.now() - beganMs);
    dueMs = Math.max(pauseMs, retryMs ?? 0);
    pauseMs = Math.min(MOST_PAUSE_MS, pauseMs * GROWTH);
    if (polls.length >= MOST_POLLS) because = `it was asked ${MOST_POLLS} times`;
    else if (dueMs > leftMs) because = 'it asks to be asked later than this journey waits';
  }
  return { ...told(polls), outcome: 'running', endedAfterMs: null, because: because ?? 'the time for it was over' };
}

async function askOnce(
  sample: RequestTrace,
  { url, endpoint, by, call }: Asked,
  { request, startedAtMs }: GatherContext<LayersOptions>,
  signal: AbortSignal,
): Promise<{ readonly poll: Poll; readonly outcome: Read['outcome']; readonly retryMs: number | null }> {
  const headers = (request?.headers ?? []).filter(([name]) => !NOT_AGAIN.test(name));
  const bounds = { maxBodyBytes: DOCUMENT_BYTES, reach: 'any' as const };
  const record = await call({ url, method: 'GET', headers, body: null, endpoint, ...bounds }, signal);
  const { http, problem, spans } = record;
  const afterMs = rounded(record.startMs + (spans.total?.durationMs ?? 0) - sample.startMs);
  const nothing = { state: null, percent: null, waitMs: rounded(spans.wait?.durationMs ?? 0) };
  if (http === null || problem !== null) {
    const poll = {
      afterMs,
      status: http?.status ?? null,
      problem: problem?.code ?? null,
      ...nothing,
      retryAfterMs: null,
    };
    // Once is an accident of the way; the count bounds how often.
    return { poll, outcome: 'running', retryMs: null };
  }
  const retryMs = retryAfterMs(http.headers, startedAtMs + record.startMs);
  const { outcome, state, percent } = read(http.status, by, bodyOf(record));
  const poll = { ...nothing, afterMs, status: http.status, problem: null, state, percent, retryAfterMs: retryMs };
  return { poll, outcome: PUT_OFF.has(http.status) ? 'running' : outcome, retryMs };
}

/** What is coded is not read: nobody asked for a coding. */
function bodyOf({ http, body }: CallRecord): Uint8Array | null {
  return http === null || http.truncated || fieldValue(http.headers, 'content-encoding') !== null ? null : body;
}

function told(polls: readonly Poll[]): Pick<Followed, 'polls' | 'stages'> {
  const stages: WorkflowRecord['stages'] = [];
  for (const { state, status, afterMs } of polls) {
    const name: WireText = state ?? wireText(status === null ? 'no answer' : `status ${status}`);
    const last = stages.at(-1);
    if (last !== undefined && sameText(last.state, name))
      stages[stages.length - 1] = { ...last, polls: last.polls + 1 };
    else stages.push({ state: name, fromMs: afterMs, polls: 1 });
  }
  return { polls: [...polls], stages };
}

/** It ended after the last poll that found it at work, and not after the one that found it done. */
function betweenPolls(polls: readonly Poll[]): [number, number] {
  return [polls.at(-2)?.afterMs ?? 0, polls.at(-1)?.afterMs ?? 0];
}

function rounded(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000);
}
