// Owns what others write for the agent to ride: groups of targets with labels, in the form of Prometheus' file_sd and http_sd (JSON, YAML).
// Fetches nothing.
import { z } from 'zod';
import { parseAt } from '../refusal.ts';
import { readYaml } from '../yaml.ts';
import { type Labels, labelsSchema } from './labels.ts';

export interface DiscoveredTarget {
  readonly target: string;
  readonly labels: Labels;
  /** As scrape configs for blackbox_exporter name it, by the label `__param_module`; null: that of the defaults. */
  readonly module: string | null;
  /** `FILE:12`, for messages. */
  readonly place: string;
}

const MOST_GROUPS = 50_000;
const MOST_TARGETS = 50_000;

const groupsSchema = z
  .array(
    z.strictObject({
      targets: z.array(z.string().min(1), 'a list of targets is wanted').max(MOST_TARGETS),
      labels: z.record(z.string(), z.string()).default({}),
    }),
    'a list of groups is wanted',
  )
  .max(MOST_GROUPS);

/** @param name of the file or URL, for messages @throws UsageError with the line */
export async function readDiscovered(text: string, name: string): Promise<readonly DiscoveredTarget[]> {
  const { value, place } = await readYaml(text, name);
  const groups = parseAt<z.infer<typeof groupsSchema>>(groupsSchema, value ?? [], place);
  return groups.flatMap(({ targets, labels }, at) => {
    // What begins with __ is for relabelling, and gone after it, as with Prometheus.
    const kept = Object.fromEntries(Object.entries(labels).filter(([label]) => !label.startsWith('__')));
    const own = parseAt<Labels>(labelsSchema, kept, (path) => place([at, 'labels', ...path]));
    const module = labels['__param_module'] ?? null;
    return targets.map((target, index) => ({ target, module, labels: own, place: place([at, 'targets', index]) }));
  });
}
