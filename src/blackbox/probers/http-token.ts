// Owns OAuth 2 tokens as golang.org/x/oauth2 and prometheus/common fetch them, kept until they end. What they are asked for with is elsewhere.
// Follows no redirect with credentials, and neither logs what it sent nor what it got.

import { readFileSync } from 'node:fs';
import { type JsonObject, jsonObjectOf } from '../../model/json-text.ts';
import { bareHost } from '../../model/target.ts';
import { visible } from '../../model/text.ts';
import { isJwtBearer, type OAuth2Config } from '../config/client.ts';
import { Late, wordsOf } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';
import { type HttpResponse, roundTrip } from './http-round-trip.ts';
import { valuesOf } from './http1-exchange.ts';
import { pathOf } from './request-path.ts';
import { NoToken, type Style, tokenRequest } from './token-request.ts';

/** Bytes of an answer that are read: as x/oauth2. */
const MOST_BYTES = 1_048_576;
/** A token counts as over this long before it ends: oauth2's expiryDelta. */
const MARGIN_MS = 10_000;

interface Kept {
  readonly secret: string;
  /** Null: not known yet, the header is tried first. */
  style: Style | null;
  /** Value of Authorization, and `performance.now()` till when it holds. */
  token: { readonly value: string; readonly untilMs: number } | null;
  fetching: Promise<void> | null;
}

/** By config: a file that is loaded again begins anew. */
const kept = new WeakMap<OAuth2Config, Kept>();

/** The answer came, and was none that helps: perhaps to the other style. */
class Refused extends NoToken {}

/** Value of Authorization. Rejects with NoToken. */
export async function tokenFor(context: ProbeContext, config: OAuth2Config): Promise<string> {
  const { signal } = context;
  const secret = secretOf(config);
  const known = kept.get(config);
  const state: Kept = known?.secret === secret ? known : { secret, style: null, token: null, fetching: null };
  kept.set(config, state);
  // Others may be fetching it for themselves; when their time is up before ours, it is our turn.
  while (!isGood(state.token)) {
    if (signal.aborted) throw new NoToken(`oauth2: ${new Late().message}`);
    if (state.fetching === null) {
      state.fetching = fetched(context, config, state).finally(() => {
        state.fetching = null;
      });
      await state.fetching;
      break;
    }
    await orAborted(state.fetching, signal);
  }
  if (state.token === null) throw new NoToken('oauth2: no token');
  return state.token.value;
}

/** After an answer of 401: one that was called back is not sent till its end. */
export function forgetToken(config: OAuth2Config): void {
  const state = kept.get(config);
  if (state !== undefined) state.token = null;
}

const isGood = (token: Kept['token']): boolean => token !== null && performance.now() < token.untilMs;

/** The client's, or the key that it signs with. */
function secretOf(config: OAuth2Config): string {
  const [what, inline, file] = isJwtBearer(config)
    ? ['certificate key', config.client_certificate_key, config.client_certificate_key_file]
    : ['secret', config.client_secret, config.client_secret_file];
  if (file === '') return inline;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const words = wordsOf(error);
    throw new NoToken(`unable to read oauth2 client ${what}: ${words}`, { cause: error });
  }
}

/** Rejects as the promise does, but for one that ended because its own probe did. */
async function orAborted(fetching: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([
      fetching.catch((error: unknown) => {
        if (error instanceof Refused) throw error;
      }),
      promise,
    ]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function fetched(context: ProbeContext, config: OAuth2Config, state: Kept): Promise<void> {
  const { style } = state;
  try {
    state.token = await asked(context, config, state.secret, style ?? 'header');
    state.style = style ?? 'header';
  } catch (error) {
    state.style = null;
    if (style !== null || isJwtBearer(config) || !(error instanceof Refused)) throw error;
    state.token = await asked(context, config, state.secret, 'body');
    state.style = 'body';
  }
}

async function asked(
  context: ProbeContext,
  config: OAuth2Config,
  secret: string,
  style: Style,
): Promise<NonNullable<Kept['token']>> {
  const { token_url, tls_config } = config;
  const url = URL.canParse(token_url) ? new URL(token_url) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new NoToken('oauth2: token_url is no URL of http or https');
  const { form, authorization, hidden } = tokenRequest(config, secret, style, context.wallClockMs());
  const beganMs = performance.now();
  const answer = await roundTrip(
    // What happens on the way is told as the token's, not as the target's.
    { ...context, fail: () => undefined, sees: () => undefined },
    { ...config, enable_http2: false },
    {
      ...{
        url,
        path: pathOf(url),
        name: bareHost(url),
        address: null,
        host: url.host,
        servername: tls_config.server_name,
      },
      headers: [
        ['user-agent', context.userAgent],
        ['content-type', 'application/x-www-form-urlencoded'],
        ...(authorization === null ? [] : [['authorization', authorization] as const]),
      ],
      ...{ method: 'POST', body: form, isStreamed: false, mostBytes: MOST_BYTES, keepsBody: true },
    },
    { tls: url.protocol === 'https:' },
  );
  answer.socket?.destroy();
  if (answer.response === null) throw new NoToken(`oauth2: cannot fetch token from ${url.host}: ${answer.failure}`);
  if (answer.response.cut !== null)
    throw new NoToken(`oauth2: cannot fetch token: the answer of ${url.host} did not come whole`);
  const hide = (text: string): string =>
    hidden.filter((one) => one !== '').reduce((left, one) => left.replaceAll(one, '<secret>'), text);
  return tokenOf(answer.response, url.host, beganMs, hide);
}

/** @param beganMs before the request: a life is counted from then. @throws Refused */
function tokenOf(
  response: HttpResponse,
  host: string,
  beganMs: number,
  hide: (text: string) => string,
): NonNullable<Kept['token']> {
  const { status } = response;
  const fields = fieldsOf(response);
  const text = (name: string): string => {
    const value = fields?.[name];
    return typeof value === 'string' ? value : '';
  };
  const shown = (name: string): string => {
    const words = visible(hide(text(name)).slice(0, 200));
    return words === '' ? '' : ` "${words}"`;
  };
  if (status < 200 || status > 299 || text('error') !== '')
    throw new Refused(
      `oauth2: cannot fetch token: ${host} answered ${status}${shown('error')}${shown('error_description')}`,
    );
  if (fields === null) throw new Refused(`oauth2: cannot parse json: ${host} answered ${status} with something else`);
  const [token, type] = [text('access_token'), text('token_type')];
  if (token === '') throw new Refused('oauth2: server response missing access_token');
  if (!/^[!-~]+$/.test(token) || !/^[!-~]*$/.test(type))
    throw new Refused(`oauth2: ${host} gave a token that cannot be sent in a header`);
  const seconds = Number(fields['expires_in'] ?? 0);
  const untilMs = seconds > 0 ? beganMs + seconds * 1000 - MARGIN_MS : Number.POSITIVE_INFINITY;
  return { value: `${typeName(type)} ${token}`, untilMs };
}

function fieldsOf(response: HttpResponse): JsonObject | null {
  const body = response.body.toString('utf8');
  const media = (valuesOf(response, 'content-type')[0] ?? '').split(';')[0]?.trim().toLowerCase();
  if (media === 'application/x-www-form-urlencoded' || media === 'text/plain')
    return Object.fromEntries(new URLSearchParams(body));
  return jsonObjectOf(body);
}

/** oauth2.Token.Type. */
function typeName(type: string): string {
  const known = { '': 'Bearer', bearer: 'Bearer', mac: 'MAC', basic: 'Basic' } as const;
  return known[type.toLowerCase() as keyof typeof known] ?? type;
}
