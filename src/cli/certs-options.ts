// Owns the step from the words of `probe certs` to what is swept. Every mistake is a UsageError with its remedy, before anything is sent.
import { parseCertTarget } from '../certs/target.ts';
import { Secret } from '../model/secret.ts';
import type { Target } from '../model/target.ts';
import type { IpAddress } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { readText } from './input-file.ts';
import type { JudgingOptions } from './judging.ts';
import type { CERTS_FORMATS, Launch } from './launch.ts';
import { familiesOf, refuseFamily } from './ride-options.ts';

/** As commander hands them over. */
export interface CertsOptions extends JudgingOptions {
  readonly list: readonly string[];
  readonly file: readonly string[];
  readonly dir: readonly string[];
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
  readonly since?: string;
  readonly firstAddress?: boolean;
  readonly bothKeys?: boolean;
  readonly explain?: boolean;
  readonly revocation?: boolean;
  readonly concurrency: string;
  readonly timeout: string;
  readonly deadline?: string;
  readonly resolver: readonly string[];
  readonly caFile?: string;
  readonly sni?: string;
  readonly 4?: boolean;
  readonly 6?: boolean;
  readonly format: (typeof CERTS_FORMATS)[number];
  readonly output?: string;
  readonly textfile?: string;
  readonly push?: string;
  readonly notify: readonly string[];
  readonly notifyFile?: string;
  readonly alertFor: string;
  readonly failOn?: 'warning' | 'critical' | 'never';
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color: boolean;
  readonly progress: boolean;
}

/** A million names of usual length. */
const MAX_LIST_BYTES = 33_554_432;

/** Targets of the command line and of the lists, each once. @throws UsageError that names file and line */
export async function targetsOf(
  typed: readonly string[],
  options: CertsOptions,
  launch: Launch,
): Promise<readonly Target[]> {
  const port = launch.surroundings.defaultPort ?? undefined;
  const targets = new Map<string, Target>();
  const families = familiesOf(options);
  const take = (input: string): void => {
    const target = parseCertTarget(input, port);
    if (target.isAddress) refuseFamily(target.host as IpAddress, families, input);
    const key = `${target.url} ${target.starttls ?? ''}`;
    if (!targets.has(key)) targets.set(key, target);
  };
  for (const input of typed) take(input);
  for (const list of options.list) {
    const text =
      list === '-' ? await launch.io.standardInput(MAX_LIST_BYTES) : await readText(list, '--list', MAX_LIST_BYTES);
    const name = list === '-' ? 'standard input' : list;
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      const input = line.replace(/(^|\s)#.*$/, '').trim();
      if (input !== '') placed(() => take(input), `${name}:${index + 1}`);
    }
  }
  return [...targets.values()];
}

function placed(read: () => void, where: string): void {
  try {
    read();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${where}: ${error.message}`, error.remedy);
    throw error;
  }
}

const MAX_PASSWORD_BYTES = 4096;
const MAX_PASSWORDS = 16;

/** Passwords of key stores: the lines of a file, and a variable of the environment. @throws UsageError */
export async function passwordsOf(
  { passwordFile, passwordEnv }: CertsOptions,
  { io }: Launch,
): Promise<readonly Secret[]> {
  const passwords: string[] = [];
  if (passwordEnv !== undefined) {
    const value = io.env[passwordEnv];
    if (value === undefined) throw new UsageError(`--password-env: the variable ${passwordEnv} is not set`);
    passwords.push(value);
  }
  if (passwordFile !== undefined) {
    const text = await readText(passwordFile, '--password-file', MAX_PASSWORD_BYTES);
    passwords.push(...text.replace(/\r?\n$/, '').split(/\r?\n/));
  }
  if (passwords.length > MAX_PASSWORDS)
    throw new UsageError(`--password-file: more than ${MAX_PASSWORDS} passwords to try`);
  return passwords.map((password) => new Secret('password', password));
}
