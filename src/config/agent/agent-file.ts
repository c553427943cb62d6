// Owns the agent's file: targets, what they have in common, labels, the schedule; each mistake with its line.
// Never rides, and makes no settings: whoever starts the agent joins each target with the defaults of the command line.
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../../model/duration.ts';
import { UsageError } from '../../model/usage-error.ts';
import { type JourneyFileSources, joined, readJourney, readJourneyFile } from '../journey/journey.ts';
import type { Contribution } from '../journey/part.ts';
import { duration } from '../journey/ride.ts';
import { parseAt } from '../refusal.ts';
import { readYaml, type Written } from '../yaml.ts';
import type { DiscoveredTarget } from './discovered.ts';
import { type Labels, labelsSchema } from './labels.ts';

export interface AgentTarget {
  /** Value of the label `target`; no two targets share one. */
  readonly name: string;
  readonly labels: Labels;
  /** From run to run, ms. */
  readonly intervalMs: number;
  /** At most this much later than its turn, differently each time, ms. */
  readonly jitterMs: number;
  readonly journey: Contribution & { readonly target: string };
  /** `FILE:12`, for messages. */
  readonly place: string;
}

export interface AgentFile {
  readonly targets: readonly AgentTarget[];
  /** Journeys under way at once. */
  readonly concurrency: number;
  /** Journeys that are kept, and as many failures again. */
  readonly history: number;
  readonly discover: {
    readonly files: readonly string[];
    readonly http: readonly string[];
    readonly refreshMs: number;
    /** A target that somebody named, with the defaults. @throws UsageError */
    readonly journeyOf: (found: DiscoveredTarget) => Promise<AgentTarget>;
  };
}

const LEAST_INTERVAL_MS = 100;
const MOST_TARGETS = 50_000;
const MOST_NAME = 200;
const MOST_SOURCES = 1000;

const schedule = z.strictObject({
  interval: duration.default('1m'),
  jitter: duration.optional(),
  concurrency: z.int().min(1).max(1000).default(16),
});

/** A journey's keys stand beside these. */
const targetShape = {
  name: z.string().min(1).max(MOST_NAME).optional(),
  labels: labelsSchema.default({}),
  interval: duration.optional(),
  jitter: duration.optional(),
  journey: z.string().min(1).optional(),
};
const TARGET_KEYS = Object.keys(targetShape);

const discover = z.strictObject({
  files: z.array(z.string().min(1)).max(MOST_SOURCES).default([]),
  http: z
    .array(z.url({ protocol: /^https?$/, error: 'not an http or https URL' }))
    .max(MOST_SOURCES)
    .default([]),
  refresh: duration.default('1m'),
});

const fileSchema = z.strictObject({
  schedule: schedule.prefault({}),
  labels: labelsSchema.default({}),
  defaults: z.record(z.string(), z.unknown()).default({}),
  targets: z
    .array(
      z.union([z.string().min(1), z.record(z.string(), z.unknown())], 'a target is a name, or a mapping of keys'),
      'a list of targets is wanted',
    )
    .max(MOST_TARGETS)
    .default([]),
  discover: discover.prefault({}),
  history: z.int().min(0).max(10_000).default(200),
});
type FileValues = z.infer<typeof fileSchema>;

type Path = readonly (string | number)[];

/** @param name of the file, for messages; paths in it are meant from its folder @throws UsageError with file and line */
export async function readAgentFile(text: string, name: string, sources: JourneyFileSources): Promise<AgentFile> {
  const written = await readYaml(text, name);
  if (typeof written.value !== 'object' || written.value === null || Array.isArray(written.value))
    throw new UsageError(`${name}: the agent's config is a mapping`, 'for example: targets: [kms.example]');
  const file = parseAt<FileValues>(fileSchema, written.value, written.place, Object.keys(fileSchema.shape));
  await refuseWrongDefaults(file, written, name, sources);
  const targets: AgentTarget[] = [];
  for (const at of file.targets.keys()) targets.push(await targetAt(at, file, written, name, sources));
  refuseTwins(targets);
  const { files, http, refresh } = file.discover;
  if (targets.length + files.length + http.length === 0)
    throw new UsageError(
      `${written.place(['targets'])}: targets: no target is given`,
      'for example: targets: [kms.example]',
    );
  const journeyOf = (found: DiscoveredTarget): Promise<AgentTarget> =>
    discoveredTarget(found, file, written, name, sources);
  return {
    ...{ targets, concurrency: file.schedule.concurrency, history: file.history },
    discover: {
      files: files.map((path) => resolve(dirname(name), path)),
      ...{ http, refreshMs: parseDuration(refresh, 'refresh'), journeyOf },
    },
  };
}

async function discoveredTarget(
  { target, labels, place }: DiscoveredTarget,
  file: FileValues,
  written: Written,
  name: string,
  sources: JourneyFileSources,
): Promise<AgentTarget> {
  const whereOf = (path: Path): string => (path.length === 0 ? place : written.place(['defaults', ...path]));
  const journey = await readJourney({ value: { ...file.defaults, target }, place: whereOf }, name, sources);
  const { interval, jitter } = file.schedule;
  const [intervalMs, jitterMs] = [parseDuration(interval, ''), jitter === undefined ? 0 : parseDuration(jitter, '')];
  refuseTimes(intervalMs, jitterMs, written.place(['schedule']));
  return {
    ...{ name: nameOf(target), labels: { ...file.labels, ...labels }, intervalMs, jitterMs, place },
    journey: { ...journey, target },
  };
}

/** Once, at their own lines, and not at each target that they are laid under. */
async function refuseWrongDefaults(
  { defaults }: FileValues,
  { place }: Written,
  name: string,
  sources: JourneyFileSources,
): Promise<void> {
  const own = ['target', ...TARGET_KEYS].find((key) => defaults[key] !== undefined);
  if (own !== undefined)
    throw new UsageError(
      `${place(['defaults', own])}: "${own}" is a target's own`,
      own.startsWith('j') || own.startsWith('i') ? 'write it under schedule, or under each target' : null,
    );
  await readJourney({ value: defaults, place: (path) => place(['defaults', ...path]) }, name, sources);
}

async function targetAt(
  at: number,
  file: FileValues,
  { place }: Written,
  name: string,
  sources: JourneyFileSources,
): Promise<AgentTarget> {
  const given = file.targets[at];
  const values: Readonly<Record<string, unknown>> = typeof given === 'object' ? given : { target: given };
  const here = (path: Path): string => place(['targets', at, ...path]);
  const isOwn = ([key]: readonly [string, unknown]): boolean => TARGET_KEYS.includes(key);
  const own = parseAt(z.strictObject(targetShape), Object.fromEntries(Object.entries(values).filter(isOwn)), here);
  const rest = Object.fromEntries(Object.entries(values).filter((entry) => !isOwn(entry)));
  const journey = await journeyAt(rest, own.journey, file.defaults, { place, here, name, sources });
  const { target } = journey;
  if (target === undefined)
    throw new UsageError(`${here([])}: no target is given`, 'write target: https://kms.example/');
  const intervalMs = parseDuration(own.interval ?? file.schedule.interval, 'interval');
  const jitter = own.jitter ?? file.schedule.jitter;
  const jitterMs = jitter === undefined ? 0 : parseDuration(jitter, 'jitter');
  refuseTimes(intervalMs, jitterMs, own.interval === undefined ? place(['schedule']) : here(['interval']));
  const labels = { ...file.labels, ...own.labels };
  return {
    name: own.name ?? nameOf(target),
    labels,
    intervalMs,
    jitterMs,
    journey: { ...journey, target },
    place: here([]),
  };
}

interface Room {
  readonly place: Written['place'];
  readonly here: Written['place'];
  readonly name: string;
  readonly sources: JourneyFileSources;
}

/** The defaults, over them the file of `journey`, over both the target's own keys. */
async function journeyAt(
  values: Readonly<Record<string, unknown>>,
  journey: string | undefined,
  defaults: Readonly<Record<string, unknown>>,
  { place, here, name, sources }: Room,
): Promise<Contribution> {
  const read = (value: unknown, at: Written['place']): Promise<Contribution> =>
    readJourney({ value, place: at }, name, sources, TARGET_KEYS);
  if (journey === undefined) {
    const whereOf = (path: Path): string =>
      path.length === 0 || values[path[0] ?? ''] !== undefined ? here(path) : place(['defaults', ...path]);
    return read({ ...defaults, ...values }, whereOf);
  }
  const path = resolve(dirname(name), journey);
  const text = Buffer.from(await sources.readBytes(path, 'journey')).toString('utf8');
  const file = await readJourneyFile(text, path, sources);
  return joined([await read(defaults, (below) => place(['defaults', ...below])), file, await read(values, here)]);
}

/** A query may hold secrets. */
function nameOf(target: string): string {
  return target.replace(/[?#].*$/s, '').slice(0, MOST_NAME);
}

function refuseTimes(intervalMs: number, jitterMs: number, where: string): void {
  if (intervalMs < LEAST_INTERVAL_MS)
    throw new UsageError(`${where}: an interval of less than ${LEAST_INTERVAL_MS}ms is a load test`);
  if (jitterMs >= intervalMs)
    throw new UsageError(`${where}: the jitter is not shorter than the interval`, 'a tenth of it is usual');
}

function refuseTwins(targets: readonly AgentTarget[]): void {
  const seen = new Map<string, string>();
  for (const { name, place } of targets) {
    const first = seen.get(name);
    if (first !== undefined)
      throw new UsageError(`${place}: a target called "${name}" is already at ${first}`, 'give one of them a name:');
    seen.set(name, place);
  }
}
