// Owns one target of the agent's file or of a place that names targets: its own keys, the journey or the module that goes there, what none may be.
// Reads no file but the journeys that targets name.

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../../model/duration.ts';
import { shownTarget } from '../../model/target.ts';
import { UsageError } from '../../model/usage-error.ts';
import { type JourneyFileSources, joined, readJourney, readJourneyFile } from '../journey/journey.ts';
import type { Contribution } from '../journey/part.ts';
import { duration } from '../journey/ride.ts';
import { parseAt } from '../refusal.ts';
import type { Written } from '../yaml.ts';
import { type Confirm, confirmOf, confirmSchema } from './confirm.ts';
import type { DiscoveredTarget } from './discovered.ts';
import { type Labels, labelsSchema } from './labels.ts';

interface Common {
  /** Value of the label `target`; no two targets with one module share one. */
  readonly name: string;
  readonly labels: Labels;
  /** From run to run, ms. */
  readonly intervalMs: number;
  /** At most this much later than its turn, differently each time, ms. */
  readonly jitterMs: number;
  /** Null: what failed is not repeated. */
  readonly confirm: Confirm | null;
  /** `FILE:12`, for messages. */
  readonly place: string;
}

/** A whole journey goes there, or a probe by a module. */
export type AgentTarget = Common &
  (
    | { readonly module: null; readonly journey: Contribution & { readonly target: string } }
    | { readonly module: string; readonly target: string }
  );

/** What targets of a file are read by. */
export interface Room {
  readonly file: {
    readonly schedule: {
      readonly interval: string;
      readonly jitter?: string | undefined;
      readonly confirm?: z.infer<typeof confirmSchema> | undefined;
    };
    readonly labels: Labels;
    /** Of journeys. */
    readonly defaults: Readonly<Record<string, unknown>>;
    /** Where a target names none; null: a whole journey. */
    readonly module: string | null;
  };
  readonly place: Written['place'];
  readonly name: string;
  readonly sources: JourneyFileSources;
}

/** What `module:` names when a whole journey is meant in spite of the defaults, as on /probe. */
const JOURNEY = 'journey';
/** A turn ends within it: the rest is for judging, and for what a journey waits for at its end. */
export const PART_OF_INTERVAL = 0.9;
const LEAST_INTERVAL_MS = 100;
const MOST_NAME = 200;

/** A journey's keys stand beside these. */
const targetShape = {
  name: z.string().min(1).max(MOST_NAME).optional(),
  labels: labelsSchema.default({}),
  interval: duration.optional(),
  jitter: duration.optional(),
  confirm: confirmSchema.optional(),
  journey: z.string().min(1).optional(),
  module: z.string().min(1).max(MOST_NAME).optional(),
};
export const ownKeys = z.strictObject(targetShape);
export const TARGET_KEYS = Object.keys(targetShape);

type OwnTiming = Pick<z.infer<typeof ownKeys>, 'interval' | 'jitter' | 'confirm'>;
type Timing = Pick<Common, 'intervalMs' | 'jitterMs' | 'confirm'>;
type Path = readonly (string | number)[];
type Values = Readonly<Record<string, unknown>>;

/** @throws UsageError with file and line */
export async function targetAt(at: number, given: string | Values, room: Room): Promise<AgentTarget> {
  const { file, place } = room;
  const values: Values = typeof given === 'object' ? given : { target: given };
  const here = (path: Path): string => place(['targets', at, ...path]);
  const isOwn = ([key]: readonly [string, unknown]): boolean => TARGET_KEYS.includes(key);
  const own = parseAt<z.infer<typeof ownKeys>>(ownKeys, Object.fromEntries(Object.entries(values).filter(isOwn)), here);
  const rest = Object.fromEntries(Object.entries(values).filter((entry) => !isOwn(entry)));
  const module = moduleOf(own.module ?? (own.journey === undefined ? file.module : null));
  if (module !== null) refuseJourneyKeys(own.journey === undefined ? rest : { journey: own.journey, ...rest }, here);
  const by = module ?? (await journeyAt(rest, own.journey, here, room));
  const target = typeof by === 'string' ? rest['target'] : by.target;
  if (typeof target !== 'string' || target === '')
    throw new UsageError(`${here([])}: no target is given`, 'write target: https://kms.example/');
  const labels = { ...file.labels, ...own.labels };
  return sentTo(target, by, {
    ...{ name: own.name ?? nameOf(target), labels, ...timingOf(room, own, here), place: here([]) },
  });
}

/** @returns what reads targets that somebody else names, which have the defaults @throws UsageError */
export function discoveredTargets(room: Room): (found: DiscoveredTarget) => Promise<AgentTarget> {
  const { file, name, sources } = room;
  // Once for fifty thousand of them, and not before there is one: targets of the file may all have timings of their own.
  let timing: Timing | null = null;
  return async ({ target, module, labels, place }) => {
    timing ??= timingOf(room);
    const whereOf: Written['place'] = (path) => (path.length === 0 ? place : room.place(['defaults', ...path]));
    const by =
      moduleOf(module ?? file.module) ??
      (await readJourney({ value: { ...file.defaults, target }, place: whereOf }, name, sources));
    return sentTo(target, by, { name: nameOf(target), labels: { ...file.labels, ...labels }, ...timing, place });
  };
}

/** Null: a whole journey is meant. */
function moduleOf(named: string | null): string | null {
  return named === JOURNEY ? null : named;
}

/** @param by a module, or what changes a ride */
function sentTo(target: string, by: string | Contribution, common: Common): AgentTarget {
  if (typeof by === 'string') return { ...common, module: by, target };
  return { ...common, module: null, journey: { ...by, target } };
}

/** The schedule's, over it the target's own. @param here where a target of the file stands @throws UsageError with file and line */
function timingOf({ file: { schedule }, place }: Room, own: OwnTiming = {}, here: Written['place'] = place): Timing {
  const whereOf = (key: keyof OwnTiming): string => (own[key] === undefined ? place(['schedule']) : here([key]));
  const intervalMs = parseDuration(own.interval ?? schedule.interval, 'interval');
  const jitter = own.jitter ?? schedule.jitter;
  const jitterMs = jitter === undefined ? 0 : parseDuration(jitter, 'jitter');
  refuseTimes(intervalMs, jitterMs, whereOf('interval'));
  const confirm = confirmOf(own.confirm ?? schedule.confirm, intervalMs * PART_OF_INTERVAL, whereOf('confirm'));
  return { intervalMs, jitterMs, confirm };
}

/** What a module does stands in its own block: a key that did nothing would be believed. */
function refuseJourneyKeys(values: Values, here: (path: Path) => string): void {
  const stranger = Object.keys(values).find((key) => key !== 'target');
  if (stranger === undefined) return;
  throw new UsageError(
    `${here([stranger])}: "${stranger.slice(0, 40)}" is no key of a target with a module`,
    'what a module does stands in its block under modules:; keys of a journey want module: journey',
  );
}

/** The defaults, over them the file of `journey`, over both the target's own keys. */
async function journeyAt(
  values: Values,
  journey: string | undefined,
  here: (path: Path) => string,
  { file, place, name, sources }: Room,
): Promise<Contribution> {
  const read = (value: unknown, at: Written['place']): Promise<Contribution> =>
    readJourney({ value, place: at }, name, sources, TARGET_KEYS);
  if (journey === undefined) {
    const whereOf = (path: Path): string =>
      path.length === 0 || values[path[0] ?? ''] !== undefined ? here(path) : place(['defaults', ...path]);
    return read({ ...file.defaults, ...values }, whereOf);
  }
  const path = resolve(dirname(name), journey);
  const text = Buffer.from(await sources.readBytes(path, 'journey')).toString('utf8');
  const own = await readJourneyFile(text, path, sources);
  return joined([await read(file.defaults, (below) => place(['defaults', ...below])), own, await read(values, here)]);
}

function nameOf(target: string): string {
  return shownTarget(target).slice(0, MOST_NAME);
}

function refuseTimes(intervalMs: number, jitterMs: number, where: string): void {
  if (intervalMs < LEAST_INTERVAL_MS)
    throw new UsageError(`${where}: an interval of less than ${LEAST_INTERVAL_MS}ms is a load test`);
  if (jitterMs >= intervalMs)
    throw new UsageError(`${where}: the jitter is not shorter than the interval`, 'a tenth of it is usual');
}

/** One target may be probed by several modules. */
export function refuseTwins(targets: readonly AgentTarget[]): void {
  const seen = new Map<string, string>();
  for (const { name, module, place } of targets) {
    const key = `${module ?? ''}\n${name}`;
    const first = seen.get(key);
    if (first !== undefined)
      throw new UsageError(`${place}: a target called "${name}" is already at ${first}`, 'give one of them a name:');
    seen.set(key, place);
  }
}
