// Owns reading what an answer says of work that goes on after it: where to ask, how far it is. Pure; never throws for what it reads.
import { type Fields, fieldValue, listOf, memberOf } from '../../src/model/fields.ts';
import { isJsonObject, type JsonObject, jsonObjectOf } from '../../src/model/json-text.ts';
import { interpret, matches, type WireText, wireText } from '../../src/model/text.ts';

/** In order of preference: the first two lead to the state of the work, Location may lead to its result. */
const WHERE = ['operation-location', 'azure-asyncoperation', 'location'] as const;
export type Where = (typeof WHERE)[number];

export const outcomes = ['succeeded', 'failed', 'canceled', 'running'] as const;
export type Outcome = (typeof outcomes)[number];

/** Of a status document; longer ones are read no further. */
export const DOCUMENT_BYTES = 65_536;
const STATE_LENGTH = 64;
/** Of a Retry-After; later ones are not waited for anyway. */
const LONGEST_SECONDS = 86_400;

/** Where a 202 says that its work can be asked for; null when it does not. RFC 9110 15.3.3, Azure REST guidelines. */
export function whereToAsk(headers: Fields): { readonly by: Where; readonly reference: WireText } | null {
  for (const by of WHERE) {
    const reference = fieldValue(headers, by);
    if (reference !== null) return { by, reference };
  }
  return null;
}

/** `Preference-Applied: respond-async`: the work goes on because the caller asked for that (RFC 7240 4.1). */
export function isAppliedPreference(headers: Fields): boolean {
  return listOf(headers, 'preference-applied').some((piece) => matches(memberOf(piece).value, /^respond-async$/i));
}

/** Seconds or a date (RFC 9110 10.2.3). @param nowMs Unix ms */
export function retryAfterMs(headers: Fields, nowMs: number): number | null {
  const value = fieldValue(headers, 'retry-after');
  if (value === null) return null;
  const ms = interpret(value, (raw) => {
    if (/^\d{1,9}$/.test(raw)) return Number(raw) * 1000;
    return raw.length > 40 || !/^[A-Z]/.test(raw) ? Number.NaN : Date.parse(raw) - nowMs;
  });
  return Number.isFinite(ms) ? Math.min(LONGEST_SECONDS * 1000, Math.max(0, ms)) : null;
}

/** The same origin as the target, and no user name in it: other places were not asked for. Null: it leads elsewhere or nowhere. */
export function sameOrigin(reference: WireText, base: string): URL | null {
  const found: { url: URL | null } = { url: null };
  interpret(reference, (raw) => {
    found.url = raw.length > 4096 ? null : URL.parse(raw, base);
    return true;
  });
  const { url } = found;
  if (url === null || url.origin !== new URL(base).origin || url.username !== '' || url.password !== '') return null;
  url.hash = '';
  return url;
}

export interface Read {
  readonly outcome: Outcome;
  /** In the document's own word; null where it has none. */
  readonly state: WireText | null;
  readonly percent: number | null;
}

const WORDS: readonly (readonly [RegExp, Outcome])[] = [
  [/^(succeeded|success|successful|completed?|done|finished|ok|ready)$/i, 'succeeded'],
  [/^(failed|failure|error|errored|faulted|rejected|timed[ _-]?out|expired)$/i, 'failed'],
  [/^(cancell?ed|cancell?ing|aborted|stopped|terminated)$/i, 'canceled'],
  [
    /^(pending|queued|waiting|scheduled|created|accepted|submitted|not[ _-]?started|started|running|in[ _-]?progress|processing|working|active|provisioning|creating|updating|deleting|initiali[sz]ing|validating)$/i,
    'running',
  ],
];

/**
 * What an answer at the status URL says. 202: still at work. 3xx: the result is elsewhere, so it is done. Of a document: `done`, `error`
 * (AIP-151), `status` (Azure: any other word than its last three means at work), `state`.
 */
export function read(status: number, by: Where, body: Uint8Array | null): Read {
  const document = status === 200 || status === 202 || status === 201 ? parsed(body) : null;
  const state = stateOf(document);
  const percent = percentOf(document);
  if (status >= 400) return { outcome: 'failed', state, percent };
  if (status >= 300) return { outcome: 'succeeded', state, percent };
  const word = state === null ? undefined : WORDS.find(([pattern]) => matches(state, pattern))?.[1];
  const said = longRunning(document) ?? word ?? null;
  if (status === 202) return { outcome: said === 'failed' || said === 'canceled' ? said : 'running', state, percent };
  // A result may have a state of its own, which is none of the work's.
  const unknown = state !== null && by !== 'location' ? 'running' : 'succeeded';
  return { outcome: said ?? unknown, state, percent };
}

function parsed(body: Uint8Array | null): JsonObject | null {
  if (body === null || body.byteLength === 0 || body.byteLength > DOCUMENT_BYTES) return null;
  return jsonObjectOf(Buffer.from(body).toString('utf8'));
}

/** `{ name, done, error | response }`: https://google.aip.dev/151 */
function longRunning(document: JsonObject | null): Outcome | null {
  const done = document?.['done'];
  if (typeof done !== 'boolean') return null;
  if (!done) return 'running';
  return isJsonObject(document?.['error']) ? 'failed' : 'succeeded';
}

function stateOf(document: JsonObject | null): WireText | null {
  const metadata = document?.['metadata'];
  const properties = document?.['properties'];
  const places = [
    ...[document?.['status'], document?.['state']],
    ...(isJsonObject(properties) ? [properties['provisioningState']] : []),
    ...(isJsonObject(metadata) ? [metadata['state'], metadata['status']] : []),
  ];
  const found = places.find((one) => typeof one === 'string' && one !== '');
  return typeof found === 'string' ? wireText(found, STATE_LENGTH) : null;
}

function percentOf(document: JsonObject | null): number | null {
  const metadata = document?.['metadata'];
  const places = [
    ...[document?.['percentComplete'], document?.['progressPercent'], document?.['progress']],
    ...(isJsonObject(metadata) ? [metadata['progressPercent'], metadata['progress']] : []),
  ];
  const found = places.find((one) => typeof one === 'number' && one >= 0 && one <= 100);
  return typeof found === 'number' ? found : null;
}
