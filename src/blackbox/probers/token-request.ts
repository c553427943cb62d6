// Owns what a token is asked for with: the form and credentials of the client credentials grant (RFC 6749 4.4), and the signed assertion of
// the jwt-bearer grant (RFC 7523 2.1) with the claims that prometheus/common gives it. Asks nobody.

import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { isJwtBearer, JWT_BEARER, type OAuth2Config } from '../config/client.ts';
import { wordsOf } from '../failure.ts';

/** Why there is no token, in words without secrets. */
export class NoToken extends Error {}

/** Where the server takes the client's name and secret. */
export type Style = 'header' | 'body';

export interface TokenRequest {
  readonly form: Buffer;
  /** Value of Authorization; null: none. */
  readonly authorization: string | null;
  /** What must not be shown of it, also when the server sends it back. */
  readonly hidden: readonly string[];
}

/** Seconds that an assertion holds. */
const ASSERTION_SECONDS = 600;
const HASHES = { '': 'sha256', RS256: 'sha256', RS384: 'sha384', RS512: 'sha512' } as const;

/** @param secret the client's, or its private key as PEM. @throws NoToken */
export function tokenRequest(config: OAuth2Config, secret: string, style: Style, atMs: number): TokenRequest {
  return isJwtBearer(config) ? byAssertion(config, secret, atMs) : byCredentials(config, secret, style);
}

function byCredentials(config: OAuth2Config, secret: string, style: Style): TokenRequest {
  const form = formOf(config, new URLSearchParams({ grant_type: 'client_credentials' }));
  const basic = Buffer.from(`${formText(config.client_id)}:${formText(secret)}`).toString('base64');
  if (style === 'body') {
    form.set('client_id', config.client_id);
    if (secret !== '') form.set('client_secret', secret);
  }
  const authorization = style === 'header' ? `Basic ${basic}` : null;
  return { form: bytesOf(form), authorization, hidden: [secret, formText(secret), basic] };
}

function byAssertion(config: OAuth2Config, pem: string, atMs: number): TokenRequest {
  const assertion = assertionOf(config, keyOf(pem), Math.floor(atMs / 1000));
  const form = formOf(config, new URLSearchParams({ grant_type: JWT_BEARER, assertion }));
  return { form: bytesOf(form), authorization: null, hidden: [pem, assertion, ...assertion.split('.').slice(-1)] };
}

/** @throws NoToken for a parameter that would take another's place */
function formOf({ scopes, endpoint_params }: OAuth2Config, form: URLSearchParams): URLSearchParams {
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  for (const [name, value] of endpoint_params) {
    if (form.has(name) && name !== 'grant_type')
      throw new NoToken(`oauth2: cannot overwrite parameter ${JSON.stringify(name)}`);
    form.set(name, value);
  }
  return form;
}

function bytesOf(form: URLSearchParams): Buffer {
  form.sort();
  return Buffer.from(form.toString());
}

/** url.QueryEscape: RFC 6749 2.3.1 has both encoded before they are joined. */
function formText(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}

/** @throws NoToken */
function keyOf(pem: string): KeyObject {
  if (pem === '') throw new NoToken('oauth2: client_certificate_key is empty: the jwt-bearer grant signs with it');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new NoToken(`oauth2: client_certificate_key is no private key in PEM without passphrase: ${wordsOf(error)}`);
  }
  if (key.asymmetricKeyType !== 'rsa') throw new NoToken('oauth2: client_certificate_key is no RSA key');
  return key;
}

/** RFC 7515 3.1, 7519 4.1. Claims of the config take the place of ours. */
function assertionOf(config: OAuth2Config, key: KeyObject, atSeconds: number): string {
  const { client_id, client_certificate_key_id: kid, signature_algorithm, iss, audience, token_url, scopes } = config;
  const algorithm = signature_algorithm === '' ? 'RS256' : signature_algorithm;
  const claims = Object.fromEntries([
    ['iss', iss === '' ? client_id : iss],
    ['sub', client_id],
    ['jti', randomUUID()],
    ['aud', audience === '' ? token_url : audience],
    ['iat', atSeconds],
    ['exp', atSeconds + ASSERTION_SECONDS],
    ...(scopes.length === 0 ? [] : [['scope', scopes.join(' ')] as const]),
    ...config.claims,
  ]);
  const header = { alg: algorithm, ...(kid === '' ? {} : { kid }), typ: 'JWT' };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const hash = HASHES[algorithm as keyof typeof HASHES];
  return `${signed}.${sign(hash, Buffer.from(signed), key).toString('base64url')}`;
}
