// Owns what can be said of credentials before anything is sent: whether they can be, and by the names of which fields.
import type { Credentials } from '../../model/credentials.ts';
import type { Secret } from '../../model/secret.ts';
import { UsageError } from '../../model/usage-error.ts';

/** Of each scheme: what its fields are called. */
export function fieldNames({ scheme, ...credentials }: Credentials): readonly string[] {
  if (scheme !== 'sigv4') return ['authorization'];
  const isTemporary = 'sessionToken' in credentials && credentials.sessionToken !== null;
  return ['x-amz-date', ...(isTemporary ? ['x-amz-security-token'] : []), 'x-amz-content-sha256', 'authorization'];
}

/** What a field's value may hold without blanks: RFC 9110 5.6.4, narrowed to ASCII. */
const VISIBLE = /^[\x21-\x7e]+$/;
/** Control characters: RFC 7617 2. */
const CONTROL = /\p{Cc}/u;

/** @throws UsageError that names the value and never repeats it */
export function checkCredentials(credentials: Credentials): void {
  for (const [what, ...refusal] of refusals(credentials)) {
    throw new UsageError(`the ${what} of ${credentials.scheme} credentials ${refusal[0]}`, refusal[1]);
  }
}

type Refusal = readonly [what: string, says: string, remedy: string];

function refusals(credentials: Credentials): readonly Refusal[] {
  if (credentials.scheme === 'basic') {
    const user = credentials.user.open();
    if (user.includes(':')) return [['user', 'holds a colon', 'a user name ends at the first colon (RFC 7617 2)']];
    const stray = CONTROL.test(user) ? 'user' : CONTROL.test(credentials.password.open()) ? 'password' : null;
    return stray === null ? [] : [[stray, 'holds a control character', 'one line is wanted: USER:PASSWORD']];
  }
  const values: readonly (readonly [string, Secret | null])[] =
    credentials.scheme === 'bearer'
      ? [['token', credentials.token]]
      : credentials.scheme === 'oauth2'
        ? [['client id', credentials.clientId]]
        : [
            ['access key id', credentials.accessKeyId],
            ['secret access key', credentials.secretAccessKey],
            ['session token', credentials.sessionToken],
          ];
  return values
    .filter(([, value]) => value !== null && !VISIBLE.test(value.open()))
    .map(([what]) => [what, 'is empty, or holds a blank or a sign that cannot be sent', 'one line without blanks']);
}
