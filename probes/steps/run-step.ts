// Owns one step of one round: its request, what it redirects to hop by hop, its cookies, captures and assertions.
// Sends nothing twice but an idempotent request whose kept connection the server had closed meanwhile (RFC 9112 9.3.1).
import type { Call, CallRecord, CallRequest, KeptConnection } from '../../src/contract/call.ts';
import type { Talk, TalkRequest } from '../../src/contract/talk.ts';
import { addressScope } from '../../src/model/address-scope.ts';
import { fieldValue, fieldValues } from '../../src/model/fields.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import { Secret } from '../../src/model/secret.ts';
import { type Endpoint, endpointId, type Target } from '../../src/model/target.ts';
import { interpret } from '../../src/model/text.ts';
import { UsageError } from '../../src/model/usage-error.ts';
import { type StepUrl, stepUrl } from '../../src/net/call/step-url.ts';
import { type Answer, answerOf, plain } from './answer.ts';
import type { Cookies } from './cookies.ts';
import type { StepSource } from './options.ts';
import { forAnotherOrigin, type Headers, redirected, withoutBodyHeaders } from './redirect.ts';
import { type Sending, sendingOf } from './sending.ts';
import { talkOf } from './talking.ts';
import type { Captures } from './template.ts';

/** Of one round. */
export interface RoundState {
  readonly call: Call;
  /** Absent: steps that talk another way cannot be gone. */
  readonly talk: Talk | undefined;
  readonly target: Target;
  /** Of the target in this round; null for a target without addresses. */
  readonly endpoint: Endpoint | null;
  readonly cookies: Cookies;
  readonly captures: Map<string, Secret>;
  readonly connections: Map<string, KeptConnection>;
  /** Of the first request that carried one: the others of the round join it. */
  readonly trace: { id: string | null };
  readonly signal: AbortSignal;
}

/** One request as it went, before it is written down. */
export interface Sent {
  readonly method: string;
  readonly url: StepUrl;
  /** Whether an answer chose the URL. */
  readonly isChosen: boolean;
  readonly record: CallRecord;
  /** Names of the header fields that the step gave. */
  readonly headerNames: readonly string[];
  /** Null for plain HTTP. */
  readonly talk: TalkRequest['talk']['kind'] | null;
  readonly cookiesSent: number;
  readonly cookiesTaken: readonly string[];
  readonly onward: Onward | null;
}

interface Onward {
  readonly to: StepUrl;
  readonly method: string;
  readonly crossOrigin: boolean;
  readonly toPlaintext: boolean;
  readonly dropped: readonly string[];
}

export interface StepOutcome {
  readonly sent: readonly Sent[];
  /** Null: no answer to go on with, and `because` says why. */
  readonly answer: Answer | null;
  readonly because: string | null;
}

const MAX_BODY_BYTES = 1_048_576;

export async function runStep(step: StepSource, state: RoundState): Promise<StepOutcome> {
  const sent: Sent[] = [];
  try {
    let next: Sending = sendingOf(step, state.captures as Captures, state.target.url);
    const talk = talkOf(step, state.captures);
    if (talk !== null) return await runTalk(next, talk, state);
    for (;;) {
      const record = await exchange(next, step, sent.at(-1) ?? null, state);
      const hop = await noted(next, record, sent.length > 0, state);
      const onward = record.problem === null ? onwardFrom(next, record) : null;
      sent.push({ ...hop, onward: onward?.onward ?? null });
      if (record.problem !== null) return { sent, answer: null, because: saying(record) };
      if (onward === null || step.redirects === 0) return { sent, answer: await answerOf(record), because: null };
      if (sent.length > step.redirects) return { sent, answer: null, because: `more than ${step.redirects} redirects` };
      if (onward.refused !== null) return { sent, answer: null, because: onward.refused };
      next = onward.next;
    }
  } catch (error) {
    // What an answer or a captured value makes unsendable is the world's doing, not a mistake of the program.
    if (!(error instanceof UsageError)) throw error;
    return { sent, answer: null, because: `it could not be sent: ${error.message}` };
  }
}

async function runTalk(next: Sending, talk: TalkRequest['talk'], state: RoundState): Promise<StepOutcome> {
  const { url, method, headers, credentials } = next;
  const endpoint = endpointFor(url, state);
  const request: TalkRequest = {
    ...{ url: url.wire, headers, reach: 'any', talk },
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials ? { credentials } : {}),
    ...(state.trace.id === null ? {} : { traceId: state.trace.id }),
  };
  const record = await state.talk?.(request, state.signal);
  if (record === undefined) return { sent: [], answer: null, because: 'nothing but HTTP is spoken here' };
  state.trace.id ??= record.traceId ?? null;
  const headerNames = headers.map(([name]) => name);
  const sent: Sent[] = [
    {
      ...{ method, url, isChosen: false, record, headerNames, talk: talk.kind },
      ...{ cookiesSent: 0, cookiesTaken: [], onward: null },
    },
  ];
  if (record.problem !== null) return { sent, answer: null, because: saying(record) };
  if (record.refused !== null) return { sent, answer: null, because: record.refused };
  return { sent, answer: await answerOf(record), because: null };
}

function saying({ problem: failed }: CallRecord): string {
  if (failed === null) return 'no answer';
  // A talk says what it had waited for.
  const detail = failed.detail === null || !failed.code.endsWith('timeout') ? '' : ` (${plain(failed.detail)})`;
  return `${problemCatalogue[failed.code].says}${detail}`;
}

async function exchange(
  { url, method, headers, body, credentials }: Sending,
  step: StepSource,
  before: Sent | null,
  state: RoundState,
): Promise<CallRecord> {
  const cookie = state.cookies.headerFor(url.href);
  const endpoint = endpointFor(url, state);
  const request: CallRequest = {
    ...{ url: url.wire, method, body, keep: true, maxBodyBytes: MAX_BODY_BYTES },
    headers: [...headers, ...(cookie === null ? [] : [['cookie', cookie.value] as const])],
    connection: state.connections.get(url.origin) ?? null,
    // What a person wrote may go anywhere; where an answer leads, not everywhere.
    reach: before === null ? 'any' : isPublic(before.record) ? 'public' : 'site',
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials ? { credentials } : {}),
    ...(step.http === undefined ? {} : { http: step.http }),
    ...(state.trace.id === null ? {} : { traceId: state.trace.id }),
  };
  const record = await state.call(request, state.signal);
  const isStale = record.reused && (record.problem?.code === 'closed' || record.problem?.code === 'reset');
  const final =
    isStale && IDEMPOTENT.has(method) ? await state.call({ ...request, connection: null }, state.signal) : record;
  state.trace.id ??= final.traceId ?? null;
  if (final.connection === null) state.connections.delete(url.origin);
  else state.connections.set(url.origin, final.connection);
  return final;
}

/** RFC 9110 9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** The target's host is at the address of this round, whatever DNS says now. */
function endpointFor({ host, port }: StepUrl, { target, endpoint }: RoundState): Endpoint | null {
  if (endpoint === null || host !== target.host) return null;
  if (port === target.port) return endpoint;
  return { ...endpoint, port, id: endpointId(endpoint.address, port) };
}

function isPublic({ endpoint }: CallRecord): boolean {
  return endpoint !== null && addressScope(endpoint.address) === 'public';
}

async function noted(
  { url, method, headers }: Sending,
  record: CallRecord,
  isChosen: boolean,
  { cookies }: RoundState,
): Promise<Omit<Sent, 'onward'>> {
  const cookiesSent = cookies.headerFor(url.href)?.n ?? 0;
  const cookiesTaken = cookies.take(fieldValues(record.http?.headers ?? [], 'set-cookie'), url.href);
  const headerNames = headers.map(([name]) => name);
  return { method, url, isChosen, record, headerNames, talk: null, cookiesSent, cookiesTaken };
}

interface Next {
  readonly onward: Onward;
  readonly next: Sending;
  /** Why it is not followed. */
  readonly refused: string | null;
}

/** @throws UsageError for a place that cannot be gone to */
function onwardFrom({ url, method, headers, body, credentials }: Sending, { http, secrets }: CallRecord): Next | null {
  const location = fieldValue(http?.headers ?? [], 'location');
  const asked = redirected(http?.status ?? 0, location === null ? null : 'there', method);
  if (asked === null || location === null) return null;
  const to = interpret(location, (raw) => stepUrl(new Secret('redirect', raw), url.href));
  const crossOrigin = to.origin !== url.origin;
  const own: Headers = asked.keepsBody ? headers : withoutBodyHeaders(headers);
  const { kept, dropped: given } = crossOrigin ? forAnotherOrigin(own) : { kept: own, dropped: [] };
  const dropped = crossOrigin && secrets !== undefined ? [...given, 'authorization'] : given;
  const toPlaintext = url.scheme === 'https' && to.scheme === 'http';
  const carried = asked.keepsBody ? body : null;
  const refused =
    crossOrigin && carried instanceof Secret ? 'the redirect would take a body with secrets to another origin' : null;
  return {
    onward: { to, method: asked.method, crossOrigin, toPlaintext, dropped },
    // Once another origin has had the say, they stay behind (Fetch 4.4), also on the way back.
    next: { url: to, method: asked.method, headers: kept, body: carried, credentials: credentials && !crossOrigin },
    refused,
  };
}
