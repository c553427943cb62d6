// Owns the options that look for a limit: what they may be, and that somebody agreed to what is sent for them.
import { deadlineHints, planOf } from '../journey/plan.ts';
import type { RideSettings } from '../journey/settings.ts';
import { UsageError } from '../model/usage-error.ts';
import type { Launch } from './launch.ts';

/** As commander hands them over. */
export interface AccessWords {
  /** False for --no-preflight. */
  readonly preflight: boolean;
  readonly tryTrace?: true;
  readonly findLimit?: string;
  readonly findLimitOpen?: string;
  /** True without a path. */
  readonly health?: true | string;
  readonly yes?: true;
}

/** Requests a second. */
const MOST_PER_SECOND = 1000;
const LEAST_PER_SECOND = 0.1;
/** Without a beginning the search starts at an eighth: it takes about a minute. */
const FIRST_PART = 8;
const MOST_OPEN = 256;
/** Repeating others may change something. */
const REPEATABLE = ['GET', 'HEAD', 'OPTIONS'];

/** Options of the access probe. @throws UsageError */
export function accessOptionsOf(words: AccessWords): Readonly<Record<string, unknown>> {
  const { preflight, tryTrace, findLimit, findLimitOpen, health } = words;
  return {
    ...(preflight ? {} : { preflight: false }),
    ...(tryTrace === true ? { tryTrace: true } : {}),
    ...(findLimit === undefined ? {} : { findLimit: rangeOf(findLimit) }),
    ...(findLimitOpen === undefined ? {} : { findLimitOpen: openOf(findLimitOpen) }),
    ...(health === undefined ? {} : { health: health === true ? true : pathOf(health) }),
  };
}

/** `MAX` or `FROM..MAX`. */
function rangeOf(text: string): { readonly fromPerSecond: number; readonly toPerSecond: number } {
  const found = /^(?:(\d{1,4}(?:\.\d{1,3})?)\.\.)?(\d{1,4}(?:\.\d{1,3})?)$/.exec(text);
  const toPerSecond = Number(found?.[2] ?? Number.NaN);
  const fromPerSecond =
    found?.[1] === undefined ? Math.max(LEAST_PER_SECOND, toPerSecond / FIRST_PART) : Number(found[1]);
  if (fromPerSecond >= LEAST_PER_SECOND && fromPerSecond < toPerSecond && toPerSecond <= MOST_PER_SECOND)
    return { fromPerSecond, toPerSecond };
  throw new UsageError(
    `--find-limit: "${text}" is not MAX or FROM..MAX in requests a second, up to ${MOST_PER_SECOND}`,
    'for example --find-limit 100, or --find-limit 20..60 for a more exact answer',
  );
}

function openOf(text: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= MOST_OPEN) return value;
  throw new UsageError(`--find-limit-open: "${text}" is not a whole number from 1 to ${MOST_OPEN}`);
}

function pathOf(text: string): string {
  if (/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,499}$/.test(text)) return text;
  throw new UsageError(`--health: "${text}" is not a path`, 'for example --health /actuator/health, or --health alone');
}

/** What cannot be looked for as it was asked. @throws UsageError */
export function refuseSearch({ findLimit, findLimitOpen }: AccessWords, { request, probes }: RideSettings): void {
  if (findLimit === undefined && findLimitOpen === undefined) return;
  const option = findLimit === undefined ? '--find-limit-open' : '--find-limit';
  if (!probes.includes('access'))
    throw new UsageError(`${option} is looked for by the probe access, which is left out`);
  if (findLimit !== undefined && (!REPEATABLE.includes(request.method) || request.body !== null))
    throw new UsageError(
      `${option} sends the request over and over, and ${request.method} may change something each time`,
      `only ${REPEATABLE.join(', ')} without body are repeated`,
    );
}

/**
 * Says what will be sent, and waits for a yes: typed at a terminal, or given beforehand.
 * @throws UsageError when the time does not suffice, or nobody said yes
 */
export async function agreeToSearch(words: AccessWords, settings: RideSettings, { io, probes }: Launch): Promise<void> {
  if (words.findLimit === undefined && words.findLimitOpen === undefined) return;
  const own = probes.filter(({ id }) => id === 'access');
  const [hint] = deadlineHints(settings, own);
  if (hint !== undefined) throw new UsageError(hint, 'give it more time: --deadline 3m, or a narrower range');
  const plan = planOf({ ...settings, probes: ['access'] }, own).filter((line) => line.startsWith('access: '));
  for (const line of plan) io.err(`probe: ${line}\n`);
  if (words.yes === true) return;
  if (io.ask === undefined)
    throw new UsageError('a limit is looked for only when somebody agrees, and nobody can be asked here', 'add --yes');
  if (!/^y(es)?$/i.test((await io.ask('probe: Is this service yours to try, and shall this be sent? [y/N] ')).trim()))
    throw new UsageError('nothing was sent: nobody agreed');
}
