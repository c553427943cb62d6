// Owns POST /journeys, by which who is known has one journey ridden now, and what is said of one that has not ended. Never rides to where the policy forbids.
import { readWanted } from '../config/agent/asked-journey.ts';
import { parseDuration } from '../model/duration.ts';
import { UsageError } from '../model/usage-error.ts';
import { writeJson } from '../report/json.ts';
import type { AskedJourney, AskedJourneys } from './asked-journeys.ts';
import type { Clients } from './clients.ts';
import type { AgentLog } from './log/agent-log.ts';
import type { Ridden } from './riding.ts';
import type { Asked, Reply } from './server.ts';
import { NotPermitted, type Strangers, strangerOf } from './strangers.ts';

/** What came of a request. */
export type AskedOutcome = 'ridden' | 'failed' | 'refused' | 'turned_away' | 'no_room';

export interface AskingRoom {
  readonly journeys: AskedJourneys;
  /** What callers are asked for (WWW-Authenticate), empty: certificates alone; null: nobody can show who he is, so nobody may ask. */
  readonly challenge: string | null;
  /** A target of the config by its name. */
  readonly configured: (name: string) => Ridden | undefined;
  readonly strangers: Strangers;
  readonly clients: Clients;
  readonly onOutcome: (outcome: AskedOutcome) => void;
  /** Told of each journey that was begun. */
  readonly log: Pick<AgentLog, 'info'>;
}

/** A name that is not found by then is told so, ms. */
const LOOK_UP_MS = 5000;
const MOST_WAIT_MS = 120_000;
/** When to come back, seconds. */
const RETRY = { 'retry-after': '5' };
const FRESH = { 'cache-control': 'no-store' };

export async function askReply(asked: Asked, room: AskingRoom): Promise<Reply> {
  if (asked.method !== 'POST')
    return refusal(405, 'POST a JSON object to have a journey ridden', null, { allow: 'POST' });
  const stranger = turnedAway(asked, room.challenge);
  if (stranger !== null) {
    room.onOutcome('turned_away');
    return stranger;
  }
  const leave = room.clients.enter(asked.from);
  if (leave === null) return noRoom(room, 'as many probes of this client are under way as it may have');
  try {
    const begun = await begin(asked, room);
    if (!('ended' in begun)) {
      leave();
      return begun;
    }
    void begun.ended.then(leave);
    return await answered(asked, begun, room);
  } catch (error) {
    leave();
    if (!(error instanceof UsageError)) throw error;
    room.onOutcome('refused');
    return refusal(error instanceof NotPermitted ? 403 : 400, error.message, error.remedy);
  }
}

/** Not by who is unknown, and not by a page that a known person's browser happens to show: forms cannot say that they are JSON, scripts of other origins must ask first. */
function turnedAway({ caller, headers }: Asked, challenge: string | null): Reply | null {
  if (challenge === null)
    return refusal(
      403,
      'asking for journeys is off, as nobody can show who he is',
      'start with --token-file, or with users or client certificates in --web-config',
    );
  if (caller === null && challenge === '') return refusal(403, 'who asks for a journey must show a certificate', null);
  if (caller === null)
    return refusal(401, 'who asks for a journey must show who he is', null, { 'www-authenticate': challenge });
  const { origin, host } = headers;
  if (headers['sec-fetch-site'] === 'cross-site' || (origin !== undefined && !isOf(origin, host ?? '')))
    return refusal(403, 'a page of another origin asks', null);
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    return refusal(415, 'the content type is not application/json', 'send Content-Type: application/json');
  return null;
}

function isOf(origin: string, host: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  const own = `${url?.protocol}//${host}`;
  return url !== null && URL.canParse(own) && url.host === new URL(own).host;
}

/** @throws UsageError */
async function begin(asked: Asked, room: AskingRoom): Promise<AskedJourney | Reply> {
  waitOf(asked.query);
  const text = await asked.body();
  if (text === null) return refusal(413, 'the body is too large', null);
  const wanted = readWanted(text);
  const ridden = 'target' in wanted ? room.configured(wanted.target) : await strange(wanted, asked, room);
  if (ridden === undefined)
    return refusal(
      404,
      'no target of the config that is ridden has this name',
      'the status page lists them; those with a module are asked for on /probe',
    );
  const begun = room.journeys.ask({ ridden, by: asked.caller ?? '' });
  if (begun === null) return noRoom(room, 'as many journeys wait as may');
  const { id, target, by } = begun;
  room.log.info('a journey is asked for', { journey: id, target, by, from: asked.from });
  return begun;
}

function strange(
  { url, options }: { readonly url: string; readonly options: Readonly<Record<string, unknown>> },
  { signal }: Asked,
  { strangers }: AskingRoom,
): Promise<Ridden> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(LOOK_UP_MS)]);
  return strangerOf(url, options, strangers, inTime);
}

/** At once, or when it has ended, or when the caller has waited long enough. */
async function answered({ query, signal }: Asked, journey: AskedJourney, { journeys }: AskingRoom): Promise<Reply> {
  const ms = waitOf(query);
  const { promise: enough, resolve: stop } = Promise.withResolvers<void>();
  const timer = setTimeout(stop, ms);
  signal.addEventListener('abort', () => stop(), { once: true });
  if (ms > 0) await Promise.race([journey.ended, enough]);
  clearTimeout(timer);
  const text = journey.state === 'ended' ? await journeys.kept.read(journey.id) : null;
  const where = { ...FRESH, location: `/journeys/${journey.id}` };
  if (text !== null)
    return { status: 200, contentType: JSON_TYPE, body: writeJson(JSON.parse(text) as object), headers: where };
  return pendingReply(journey, where);
}

/** ms; 0: not at all. @throws UsageError */
function waitOf(query: URLSearchParams): number {
  const given = query.get('wait');
  if (given === null) return 0;
  return given === '' ? MOST_WAIT_MS : Math.min(MOST_WAIT_MS, parseDuration(given, 'wait'));
}

const JSON_TYPE = 'application/json';

/** Of one that has not ended, or ended without a journey to show. */
export function pendingReply(journey: AskedJourney, headers: Readonly<Record<string, string>> = FRESH): Reply {
  const { id, target, by, atMs, state, fault } = journey;
  const told = { id, state, target, asked: { by, at: new Date(atMs).toISOString() }, fault };
  const isOver = state === 'failed' || state === 'ended';
  return {
    status: isOver ? 500 : 202,
    contentType: JSON_TYPE,
    body: writeJson(told),
    headers: isOver ? headers : { ...headers, 'retry-after': '1' },
  };
}

function noRoom({ onOutcome }: AskingRoom, words: string): Reply {
  onOutcome('no_room');
  return refusal(429, words, 'ask again later', RETRY);
}

function refusal(
  status: number,
  error: string,
  remedy: string | null,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, contentType: JSON_TYPE, body: writeJson({ error, remedy }), headers: { ...FRESH, ...headers } };
}
