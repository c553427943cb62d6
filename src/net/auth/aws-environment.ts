// Owns the keys that AWS's own programs take from the environment, and nothing that they take from elsewhere.
import { Secret } from '../../model/secret.ts';
import { UsageError } from '../../model/usage-error.ts';

export interface AwsKeys {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  /** Null: the keys are lasting ones. */
  readonly sessionToken: Secret | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @param wanted names what asks for them @throws UsageError */
export function awsKeys(env: Environment, wanted: string): AwsKeys {
  const [accessKeyId, secretAccessKey] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => {
    const value = env[name];
    if (value === undefined || value === '')
      throw new UsageError(
        `${wanted}: the environment has no ${name}`,
        'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for example: eval "$(aws configure export-credentials --format env)"',
      );
    return new Secret(name, value);
  }) as [Secret, Secret];
  const token = env['AWS_SESSION_TOKEN'];
  const sessionToken = token === undefined || token === '' ? null : new Secret('AWS_SESSION_TOKEN', token);
  return { accessKeyId, secretAccessKey, sessionToken };
}
