// Owns tokens of the client credentials grant (RFC 6749 4.4): fetched when first wanted, kept till shortly before they end.
// Never sends a request for one to a server that could not be verified, and never shows what it sent.
import type { CallRecord, CallRequest } from '../../contract/call.ts';
import type { ClientCredentials } from '../../model/credentials.ts';
import { type JsonObject, jsonObjectOf } from '../../model/json-text.ts';
import { type Problem, problem, problemCatalogue } from '../../model/problem.ts';
import { Secret } from '../../model/secret.ts';
import { wireText } from '../../model/text.ts';
import { hiding } from '../call/secret-text.ts';
import { StepFailure } from '../sample/step.ts';
import type { Authorization, AuthorizationOptions } from './authorization.ts';

const MAX_ANSWER_BYTES = 65_536;
/** A token is replaced this long before it ends, or when a tenth of its life is left. */
const MARGIN_MS = 30_000;
/** What failed is not asked again within this: a ride is not to press a token endpoint. */
const RETRY_MS = 10_000;

/** Wall clock, Unix ms: till when nothing new is asked for, and when a token ends. */
type Kept =
  | { readonly token: Secret; readonly untilMs: number; readonly endsMs: number }
  | { readonly failed: Problem; readonly untilMs: number };

export function openTokens(credentials: ClientCredentials, { call, wallMs }: AuthorizationOptions): Authorization {
  let kept: Kept | null = null;
  let fetching: Promise<void> | null = null;
  const seen: Secret[] = [];
  const renew = async (signal: AbortSignal): Promise<void> => {
    const now = await tokenFrom(credentials, await call(tokenRequest(credentials), signal), wallMs);
    // An old token that still holds is better than none.
    const holds = kept !== null && 'token' in kept && wallMs() < kept.endsMs;
    kept = 'failed' in now && holds && kept !== null ? { ...kept, untilMs: now.untilMs } : now;
    if ('token' in now) seen.push(now.token);
  };
  return {
    async ready(signal) {
      const isOver = kept === null || wallMs() >= kept.untilMs || ('token' in kept && wallMs() >= kept.endsMs);
      if (!isOver) return;
      fetching ??= renew(signal).finally(() => {
        fetching = null;
      });
      await fetching;
    },
    fields() {
      if (kept === null) throw new StepFailure(noToken('it was not asked for'));
      if ('failed' in kept) throw new StepFailure(kept.failed);
      return [['authorization', new Secret('authorization', `Bearer ${kept.token.open()}`)]];
    },
    failure: () => (kept !== null && 'failed' in kept ? kept.failed : null),
    secrets: () => [...seen, credentials.clientSecret],
  };
}

export function tokenRequest({
  tokenUrl,
  clientId,
  clientSecret,
  scope,
  audience,
  send,
}: ClientCredentials): CallRequest {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== null) form.set('scope', scope);
  if (audience !== null) form.set('audience', audience);
  if (send === 'body') {
    form.set('client_id', clientId.open());
    form.set('client_secret', clientSecret.open());
  }
  const basic = `Basic ${Buffer.from(`${formText(clientId)}:${formText(clientSecret)}`).toString('base64')}`;
  return {
    ...{ url: tokenUrl, method: 'POST', maxBodyBytes: MAX_ANSWER_BYTES, reach: 'any', http: 'negotiated' },
    headers: [
      ['accept', 'application/json'],
      ['content-type', 'application/x-www-form-urlencoded'],
      ...(send === 'header' ? [['authorization', new Secret('client credentials', basic)] as const] : []),
    ],
    body: new Secret('token request', form.toString()),
  };
}

/** Both are form-encoded before they are joined: RFC 6749 2.3.1. */
function formText(value: Secret): string {
  return new URLSearchParams([['', value.open()]]).toString().slice(1);
}

async function tokenFrom(
  credentials: ClientCredentials,
  { http, body, problem: failed, unverified }: CallRecord,
  wallMs: () => number,
): Promise<Kept> {
  const failure = (because: string): Kept => ({ failed: noToken(because), untilMs: wallMs() + RETRY_MS });
  const { host } = new URL(credentials.tokenUrl);
  if (http === null) {
    const says = failed === null ? 'no answer' : problemCatalogue[failed.code].says;
    const certificate = unverified === null ? '' : '; give the roots of the token endpoint with --ca-file';
    return failure(`${host}: ${says}${certificate}`);
  }
  const text = Buffer.from(body ?? []).toString('utf8');
  const hide = hiding([credentials.clientSecret, credentials.clientId]);
  const answer = jsonObjectOf(text);
  if (http.status !== 200) return failure(`${host} answered ${http.status}${hide(refusalOf(answer))}`);
  const token = answer?.['access_token'];
  if (typeof token !== 'string' || token === '')
    return failure(`${host} answered 200 without an access_token: is the URL that of the token endpoint?`);
  if (!/^[\x21-\x7e]+$/.test(token)) return failure(`${host} gave a token that cannot be sent in a header`);
  const type = answer?.['token_type'];
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer')
    return failure(`${host} gave a token of a type that is not bearer (RFC 6750)`);
  const lifeMs = lifeOf(answer?.['expires_in']);
  const endsMs = wallMs() + lifeMs;
  return { token: new Secret('access token', token), endsMs, untilMs: endsMs - Math.min(MARGIN_MS, lifeMs / 10) };
}

/** Seconds, as a number or, from some servers, in letters. Without them it holds for the journey. */
function lifeOf(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' ? Number(expiresIn) : expiresIn;
  return typeof seconds === 'number' && seconds > 0 && seconds < 1e9 ? seconds * 1000 : 1e12;
}

/** RFC 6749 5.2, with what to do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
  invalid_client: 'look at the client id and secret, and at send: header or body',
  invalid_scope: 'look at scope:',
  unauthorized_client: 'the client may not use the client credentials grant: allow it at the server',
  unsupported_grant_type: 'the server does not offer the client credentials grant',
  invalid_request: 'look at scope:, audience: and send:',
  invalid_target: 'look at audience:',
};

function refusalOf(answer: JsonObject | null): string {
  const error = answer?.['error'];
  if (typeof error !== 'string') return ': look at tokenUrl:';
  const description = answer?.['error_description'];
  const words = typeof description === 'string' ? ` (${description.slice(0, 200)})` : '';
  const remedy = Object.hasOwn(REMEDIES, error) ? `; ${REMEDIES[error]}` : '';
  return ` ${error.slice(0, 60)}${words}${remedy}`;
}

function noToken(because: string): Problem {
  return problem('no-credentials', 'send', wireText(`no token: ${because}`, 400));
}
