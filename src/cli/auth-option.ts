// Owns the option --auth: where the secrets of credentials stand. They are never words of the command line, which others on the machine see.
import type { Credentials } from '../model/credentials.ts';
import { Secret } from '../model/secret.ts';
import { UsageError } from '../model/usage-error.ts';
import { awsKeys } from '../net/auth/aws-environment.ts';
import { checkCredentials } from '../net/auth/credentials.ts';
import { readText } from './input-file.ts';
import type { Io } from './io.ts';

const MAX_BYTES = 65_536;
const FORMS = 'write basic:FILE (one line, USER:PASSWORD), bearer:FILE (the token), or sigv4:REGION/SERVICE';

/** @throws UsageError */
export async function credentialsOf(given: string, { env }: Pick<Io, 'env'>): Promise<Credentials> {
  const [, scheme, where = ''] = /^([a-z0-9]+):(.+)$/s.exec(given) ?? [];
  const credentials = await schemes[scheme ?? '']?.(where, env);
  if (credentials === undefined) {
    // What was written may be a secret.
    if (scheme === 'oauth2')
      throw new UsageError('--auth: oauth2 has too many parts for one word', 'write auth: into a journey file');
    throw new UsageError('--auth: not of the form SCHEME:WHERE', FORMS);
  }
  try {
    checkCredentials(credentials);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--auth: ${error.message}`, error.remedy);
  }
  return credentials;
}

type Read = (where: string, env: Io['env']) => Credentials | Promise<Credentials>;

const schemes: Readonly<Record<string, Read>> = {
  async basic(file) {
    const line = await lineOf(file);
    const colon = line.indexOf(':');
    if (colon === -1)
      throw new UsageError('--auth: the file of basic credentials holds no colon', 'one line: USER:PASSWORD');
    const user = new Secret('user', line.slice(0, colon));
    return { scheme: 'basic', user, password: new Secret('password', line.slice(colon + 1)) };
  },
  bearer: async (file) => ({ scheme: 'bearer', token: new Secret('token', await lineOf(file)) }),
  sigv4(where, env) {
    const [, region, service] = /^([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})$/.exec(where) ?? [];
    if (region === undefined || service === undefined)
      throw new UsageError('--auth: sigv4 wants REGION/SERVICE', 'for example sigv4:eu-west-1/execute-api');
    return { scheme: 'sigv4', region, service, ...awsKeys(env, '--auth sigv4') };
  },
};

/** The line feed that editors and `echo` leave at the end is not part of it. */
async function lineOf(file: string): Promise<string> {
  return (await readText(file, '--auth', MAX_BYTES)).replace(/\r?\n$/, '');
}
