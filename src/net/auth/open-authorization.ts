// Owns the fields that show who the caller is, made anew for each request. Opens secrets; they go on the wire and nowhere else.
// Never decides who may see them: whoever sends holds them back from servers that could not be verified.
import type { Credentials } from '../../model/credentials.ts';
import { Secret } from '../../model/secret.ts';
import type { Authorization, AuthorizationOptions } from './authorization.ts';
import { checkCredentials } from './credentials.ts';
import { openTokens } from './oauth2.ts';

/** @throws UsageError for values that cannot be sent; its message never repeats one */
export async function openAuthorization(
  credentials: Credentials,
  options: AuthorizationOptions,
): Promise<Authorization> {
  checkCredentials(credentials);
  if (credentials.scheme === 'oauth2') return openTokens(credentials, options);
  const always = { ready: () => Promise.resolve(), failure: () => null };
  if (credentials.scheme === 'sigv4') {
    const { signatureFields } = await import('./sigv4.ts');
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const known = [secretAccessKey, accessKeyId, ...(sessionToken === null ? [] : [sessionToken])];
    const signatures: Secret[] = [];
    return {
      ...always,
      fields(request) {
        const { fields, signature } = signatureFields(credentials, request);
        signatures.push(signature);
        if (signatures.length > MAX_SIGNATURES) signatures.shift();
        return fields;
      },
      secrets: () => [...known, ...signatures],
    };
  }
  const field = ['authorization', fixedValue(credentials)] as const;
  const bare = new Secret('authorization', field[1].open().replace(/^\S+ /, ''));
  const known = [field[1], bare, ...(credentials.scheme === 'basic' ? [credentials.password] : [])];
  return { ...always, fields: () => [field], secrets: () => known };
}

/** Requests that may be on their way: an answer that shows a signature does so at once. */
const MAX_SIGNATURES = 256;

/** The value of the field, where it is the same for every request. */
export function fixedValue(credentials: Extract<Credentials, { scheme: 'basic' | 'bearer' }>): Secret {
  if (credentials.scheme === 'bearer') return new Secret('authorization', `Bearer ${credentials.token.open()}`);
  return new Secret('authorization', basicValue(credentials.user, credentials.password));
}

/** RFC 7617 2: in UTF-8, the only encoding that has a name. */
export function basicValue(user: Secret, password: Secret): string {
  return `Basic ${Buffer.from(`${user.open()}:${password.open()}`).toString('base64')}`;
}
