// Owns what the command line says about judging: --warn, --critical, --insecure, --policy and what each is laid over, --expect.
import type { Contract } from '../expect/expected.ts';
import { judge, type Policy } from '../journey/judge.ts';
import { formatDuration, parseDuration } from '../model/duration.ts';
import type { Journey, Observation } from '../model/journey.ts';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { shellQuote } from '../report/escape/shell.ts';
import { readText } from './input-file.ts';
import type { Launch } from './launch.ts';
import { readPolicy } from './policy.ts';

export interface JudgingOptions {
  readonly warn?: string;
  readonly critical?: string;
  readonly insecure?: boolean;
  readonly policy?: string;
  readonly expect?: string;
}

const DAY_MS = 86_400_000;
/** A page of text, as a policy is. Bytes. */
const MAX_EXPECTATIONS_BYTES = 1_048_576;
const EMPTY: Policy = { probes: {}, severities: {} };

/**
 * The policy that an old journey was judged with, the file over it, options over both; every mistake is said before anything is sent.
 * @param stored null for a new journey
 * @throws UsageError that names the file or option
 */
export async function policyFrom(options: JudgingOptions, stored: Policy | null, launch: Launch): Promise<Policy> {
  const file = options.policy === undefined ? EMPTY : await readPolicy(options.policy, launch.probes);
  const laid = over(stored ?? EMPTY, file);
  const tls = {
    ...(options.warn === undefined ? {} : { warnDays: parseDuration(options.warn, '--warn') / DAY_MS }),
    ...(options.critical === undefined ? {} : { criticalDays: parseDuration(options.critical, '--critical') / DAY_MS }),
    ...(options.insecure === true ? { ignoreTrust: true } : {}),
  };
  const policy = Object.keys(tls).length === 0 ? laid : over(laid, { probes: { tls }, severities: {} });
  const isOld = policy === laid && options.policy === undefined;
  await checkPolicy(policy, launch, isOld);
  return policy;
}

/**
 * The file of --expect, else what an old journey was held to; undefined where nothing is expected.
 * @throws UsageError with file and line for what nobody knows
 */
export async function expectationsFrom(
  { expect }: JudgingOptions,
  stored: Journey | null,
  launch: Launch,
): Promise<Contract | undefined> {
  if (expect === undefined) return stored?.judgedWith.expectations;
  const text = await readText(expect, '--expect', MAX_EXPECTATIONS_BYTES);
  const [{ readExpectations }, { sectionsOf }] = await Promise.all([
    import('../config/expectations.ts'),
    import('../expect/sections.ts'),
  ]);
  return readExpectations(text, expect, await sectionsOf(launch.probes));
}

/** Judges with the command line's printer of commands. */
export async function judgedJourney(
  observation: Observation,
  policy: Policy,
  asOfMs: number,
  launch: Launch,
  expectations?: Contract,
): Promise<Journey> {
  const context = { policy, asOfMs, version: launch.version, quote: shellQuote };
  return judge(observation, launch.probes, expectations === undefined ? context : { ...context, expectations });
}

/** Threshold by threshold. What is no mapping replaces the whole, for the schema to refuse it by name. */
function over(below: Policy, above: Policy): Policy {
  const probes: Record<string, unknown> = { ...below.probes };
  for (const [id, thresholds] of Object.entries(above.probes)) {
    const isMapping = typeof thresholds === 'object' && thresholds !== null && !Array.isArray(thresholds);
    probes[id] = isMapping ? { ...(probes[id] as object | undefined), ...thresholds } : (thresholds ?? probes[id]);
  }
  return { probes, severities: { ...below.severities, ...above.severities } };
}

async function checkPolicy(policy: Policy, launch: Launch, isOld: boolean): Promise<void> {
  for (const probe of launch.probes) {
    const given = policy.probes[probe.id];
    if (given === undefined) continue;
    const schema = await probe.policy();
    let thresholds: unknown;
    try {
      thresholds = schema.parse(given);
    } catch (error) {
      const words = error instanceof Error ? visible(error.message.replaceAll(/\s+/g, ' ')).slice(0, 300) : 'not valid';
      throw new UsageError(`policy of ${probe.id}: ${words}`);
    }
    // A journey of a time when this was let through is still judged as it was then.
    if (probe.id === 'tls' && !isOld) refuseDeadWarning(thresholds);
  }
}

/** With a critical threshold above that of the warning, nothing could ever warn: one of the two is a mistake. */
function refuseDeadWarning(tls: unknown): void {
  const { warnDays, criticalDays } = tls as { readonly warnDays?: unknown; readonly criticalDays?: unknown };
  if (typeof warnDays !== 'number' || typeof criticalDays !== 'number' || warnDays >= criticalDays) return;
  const [warn, critical] = [warnDays, criticalDays].map((days) => formatDuration(Math.round(days * DAY_MS)));
  throw new UsageError(
    `--warn is ${warn} and --critical ${critical}: what is critical earlier than it warns never warns`,
    'give both, --critical the shorter one (warnDays and criticalDays in a policy file)',
  );
}
