// Owns the key `auth`: with what the ride, and steps to the target, show who the caller is. Secrets are named in the file, never written.
import { z } from 'zod';
import type { Credentials } from '../../model/credentials.ts';
import { UsageError } from '../../model/usage-error.ts';
import { awsKeys } from '../../net/auth/aws-environment.ts';
import { checkCredentials } from '../../net/auth/credentials.ts';
import { secretOf } from '../../net/call/secret-text.ts';
import type { JourneyPart, PartContext } from './part.ts';
import { secretSchema, textSchema } from './text-schema.ts';

/** RFC 6749 3.2: tokens are asked for over TLS. On this machine nobody listens in. */
const tokenUrlSchema = z
  .string()
  .refine(isTokenUrl, 'an https URL without user name is wanted (http only to this machine)')
  .meta({ description: 'token endpoint: RFC 6749 3.2' });

function isTokenUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && /^(localhost|127\..*|\[::1\])$/.test(url.hostname));
}

const word = z.string().regex(/^[a-z0-9-]{1,64}$/, 'small letters, digits and hyphens, as AWS writes it');

const authSchema = z
  .strictObject({
    basic: z.strictObject({ user: textSchema, password: secretSchema }).optional(),
    bearer: secretSchema.optional(),
    oauth2: z
      .strictObject({
        tokenUrl: tokenUrlSchema,
        clientId: textSchema,
        clientSecret: secretSchema,
        scope: z.string().min(1).optional(),
        audience: z.string().min(1).optional(),
        send: z.enum(['header', 'body']).optional(),
      })
      .optional(),
    sigv4: z.strictObject({ region: word, service: word }).optional(),
  })
  .refine((given) => Object.keys(given).length === 1, 'give one of basic, bearer, oauth2, sigv4');

type Auth = z.infer<typeof authSchema>;

export const authPart: JourneyPart = {
  schemas: () => Promise.resolve({ auth: authSchema }),
  read({ auth }, context) {
    if (auth === undefined) return {};
    try {
      const credentials = credentialsOf(auth as Auth, context);
      checkCredentials(credentials);
      return { credentials };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${context.place(['auth'])}: ${error.message}`, error.remedy);
    }
  },
};

function credentialsOf({ basic, bearer, oauth2, sigv4 }: Auth, { env }: PartContext): Credentials {
  if (basic !== undefined) {
    const { user, password } = basic;
    return { scheme: 'basic', user: secretOf(user, 'user'), password: secretOf(password, 'password') };
  }
  if (bearer !== undefined) return { scheme: 'bearer', token: secretOf(bearer, 'token') };
  if (oauth2 !== undefined) {
    const { tokenUrl, clientId, clientSecret, scope = null, audience = null, send = 'header' } = oauth2;
    return {
      ...{ scheme: 'oauth2', tokenUrl, scope, audience, send },
      clientId: secretOf(clientId, 'client id'),
      clientSecret: secretOf(clientSecret, 'client secret'),
    };
  }
  if (sigv4 !== undefined) return { scheme: 'sigv4', ...sigv4, ...awsKeys(env, 'sigv4') };
  throw new Error('the schema lets one of four through');
}
