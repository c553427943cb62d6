// Owns the agent's file: targets, what they have in common, labels, modules, the schedule; each mistake with its line.
// Never rides, and makes no settings: whoever starts the agent joins each target with the defaults of the command line.
import { z } from 'zod';
import { UsageError } from '../../model/usage-error.ts';
import { type JourneyFileSources, readJourney } from '../journey/journey.ts';
import { duration } from '../journey/ride.ts';
import { parseAt } from '../refusal.ts';
import { readYaml, type Written } from '../yaml.ts';
import { type AgentTarget, discoveredTargets, type Room, refuseTwins, TARGET_KEYS, targetAt } from './agent-target.ts';
import { confirmSchema } from './confirm.ts';
import { type Discover, type DiscoverSources, discoverSchema, readDiscover } from './discover.ts';
import type { DiscoveredTarget } from './discovered.ts';
import { labelsSchema } from './labels.ts';
import { type AgentMetrics, metricsOf, metricsSchema } from './metrics.ts';

export type { AgentTarget } from './agent-target.ts';

export interface AgentFile {
  readonly targets: readonly AgentTarget[];
  /** Journeys under way at once. */
  readonly concurrency: number;
  /** Probes by modules under way at once. */
  readonly moduleConcurrency: number;
  /** Journeys that are kept, and as many failures again; of probes by modules as many failures. */
  readonly history: number;
  readonly metrics: AgentMetrics;
  /** Null without any. */
  readonly modules: WrittenModules | null;
  readonly discover: Discover & {
    /** A target that somebody named, with the defaults. @throws UsageError */
    readonly targetOf: (found: DiscoveredTarget) => Promise<AgentTarget>;
  };
}

/** Modules in the agent's file, to be read as a blackbox.yml is. */
export interface WrittenModules {
  /** The file's text with all else blanked. */
  readonly text: string;
  /** `FILE:12`: of a module, or of all without a name. */
  readonly place: (module?: string) => string;
}

const MOST_TARGETS = 50_000;

const schedule = z.strictObject({
  interval: duration.default('1m'),
  jitter: duration.optional(),
  concurrency: z.int().min(1).max(1000).default(16),
  moduleConcurrency: z.int().min(1).max(20_000).default(500),
  confirm: confirmSchema.optional(),
});

export const fileSchema = z.strictObject({
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
  metrics: metricsSchema.prefault({}),
  modules: z.record(z.string(), z.unknown()).optional(),
  discover: discoverSchema.prefault({}),
  history: z.int().min(0).max(10_000).default(200),
});
type FileValues = z.infer<typeof fileSchema>;

/** @param name of the file, for messages; paths in it are meant from its folder @throws UsageError with file and line */
export async function readAgentFile(
  text: string,
  name: string,
  sources: JourneyFileSources & DiscoverSources,
): Promise<AgentFile> {
  const written = await readYaml(text, name);
  if (typeof written.value !== 'object' || written.value === null || Array.isArray(written.value))
    throw new UsageError(`${name}: the agent's config is a mapping`, 'for example: targets: [kms.example]');
  const file = parseAt<FileValues>(fileSchema, written.value, written.place, Object.keys(fileSchema.shape));
  const room: Room = { file: { ...file, ...defaultsOf(file, written) }, place: written.place, name, sources };
  await refuseWrongDefaults(room);
  const targets: AgentTarget[] = [];
  for (const at of file.targets.keys()) targets.push(await targetAt(at, file.targets[at] ?? '', room));
  refuseTwins(targets);
  const discover = await readDiscover(file.discover, written, name, sources);
  if (targets.length + discover.files.length + discover.http.length + discover.dns.length === 0)
    throw new UsageError(
      `${written.place(['targets'])}: targets: no target is given`,
      'for example: targets: [kms.example]',
    );
  const { concurrency, moduleConcurrency } = file.schedule;
  return {
    ...{ targets, concurrency, moduleConcurrency, history: file.history, modules: modulesOf(written) },
    metrics: metricsOf(file.metrics, written.place),
    discover: { ...discover, targetOf: discoveredTargets(room) },
  };
}

function modulesOf({ alone, place }: Written): WrittenModules | null {
  const text = alone('modules');
  if (text === null) return null;
  return { text, place: (module) => place(module === undefined ? ['modules'] : ['modules', module]) };
}

/** `module` stands among the defaults, and is no key of a journey. */
function defaultsOf({ defaults }: FileValues, { place }: Written): Pick<Room['file'], 'defaults' | 'module'> {
  const { module, ...journey } = defaults;
  if (module !== undefined && typeof module !== 'string')
    throw new UsageError(`${place(['defaults', 'module'])}: defaults.module: a name is wanted`);
  return { defaults: journey, module: module ?? null };
}

/** Once, at their own lines, and not at each target that they are laid under. */
async function refuseWrongDefaults({ file: { defaults }, place, name, sources }: Room): Promise<void> {
  const own = ['target', ...TARGET_KEYS].find((key) => defaults[key] !== undefined);
  if (own !== undefined)
    throw new UsageError(
      `${place(['defaults', own])}: "${own}" is a target's own`,
      own.startsWith('j') || own.startsWith('i') ? 'write it under schedule, or under each target' : null,
    );
  await readJourney({ value: defaults, place: (path) => place(['defaults', ...path]) }, name, sources);
}
