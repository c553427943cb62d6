// Owns what the command line says about judging: --warn, --critical, --insecure, --policy.
import { createReadStream } from 'node:fs';
import { judge, type Policy } from '../journey/judge.ts';
import { parseDuration } from '../model/duration.ts';
import { type Severity, severities } from '../model/finding.ts';
import type { Journey, Observation } from '../model/journey.ts';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { shellQuote } from '../report/escape/shell.ts';
import { bounded } from './io.ts';
import type { Launch } from './launch.ts';

export interface JudgingOptions {
  readonly warn?: string;
  readonly critical?: string;
  readonly insecure?: boolean;
  readonly policy?: string;
}

const DAY_MS = 86_400_000;
/** A policy is a page of text; more is a mistaken file name. Bytes. */
const MAX_POLICY_BYTES = 1_048_576;

/** Policy file first, options over it; every mistake is said before anything is sent. @throws UsageError that names the file or option */
export async function policyFrom(options: JudgingOptions, launch: Launch): Promise<Policy> {
  const file = options.policy === undefined ? EMPTY : await readPolicy(options.policy);
  const tls = {
    ...(file.probes['tls'] as object | undefined),
    ...(options.warn === undefined ? {} : { warnDays: parseDuration(options.warn, '--warn') / DAY_MS }),
    ...(options.critical === undefined ? {} : { criticalDays: parseDuration(options.critical, '--critical') / DAY_MS }),
    ...(options.insecure === true ? { ignoreTrust: true } : {}),
  };
  const policy = Object.keys(tls).length === 0 ? file : { ...file, probes: { ...file.probes, tls } };
  await checkPolicy(policy, launch);
  return policy;
}

/** Judges with the command line's printer of commands. */
export async function judgedJourney(
  observation: Observation,
  policy: Policy,
  asOfMs: number,
  launch: Launch,
): Promise<Journey> {
  return judge(observation, launch.probes, { policy, asOfMs, version: launch.version, quote: shellQuote });
}

async function checkPolicy(policy: Policy, launch: Launch): Promise<void> {
  for (const id of Object.keys(policy.probes)) {
    const probe = launch.probes.find((candidate) => candidate.id === id);
    if (probe === undefined) {
      const known = launch.probes.map((candidate) => candidate.id).join(', ');
      throw new UsageError(
        `policy: no probe is called "${visible(id).slice(0, 40)}"`,
        `the probes are ${known}; severities go under "severities"`,
      );
    }
    try {
      (await probe.policy()).parse(policy.probes[id] ?? {});
    } catch (error) {
      const words = error instanceof Error ? visible(error.message.replaceAll(/\s+/g, ' ')).slice(0, 300) : 'not valid';
      throw new UsageError(`policy of ${id}: ${words}`);
    }
  }
}

const EMPTY: Policy = { probes: {}, severities: {} };

async function readPolicy(path: string): Promise<Policy> {
  const text = await readText(path, '--policy', MAX_POLICY_BYTES);
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text, { prettyErrors: true, maxAliasCount: 20 });
  } catch (error) {
    throw new UsageError(
      `${path}: ${error instanceof Error ? visible(error.message.split('\n')[0] ?? '') : 'not YAML'}`,
    );
  }
  if (value === null || value === undefined) return EMPTY;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(`${path}: a policy is a mapping`, 'for example: tls: { warnDays: 45 }');
  }
  const { severities: bySeverity, ...probes } = value as Record<string, unknown>;
  return { probes, severities: severitiesOf(bySeverity, path) };
}

function severitiesOf(value: unknown, path: string): Readonly<Record<string, Severity>> {
  if (value === undefined || value === null) return {};
  const wrong =
    typeof value !== 'object' || Object.values(value).some((severity) => !severities.includes(severity as Severity));
  if (wrong) throw new UsageError(`${path}: severities map a check id to ${severities.join(', ')}`);
  return value as Record<string, Severity>;
}

/** Reads a text file with a bound. @throws UsageError that names the option and the file */
export async function readText(path: string, option: string, maxBytes: number): Promise<string> {
  return (await readBytes(path, option, maxBytes)).toString('utf8');
}

/** Reads a file with a bound, which holds for endless ones too. @throws UsageError that names the option and the file */
export async function readBytes(path: string, option: string, maxBytes: number): Promise<Buffer> {
  try {
    return await bounded(createReadStream(path), maxBytes, `${option}: ${path}`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${option}: cannot read ${path}: ${fileTrouble(error)}`);
  }
}

function fileTrouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'no permission to read it';
  return code === 'EISDIR' ? 'it is a directory' : (code ?? 'unknown error');
}
