// Owns what others write for the agent to ride: groups of targets with labels, in the form of Prometheus' file_sd and http_sd (JSON, YAML).
// Held to be hostile: bounded before anything is made of it. Fetches nothing.
import { z } from 'zod';
import { jsonOf } from '../../model/json-text.ts';
import { TooMuch, UsageError } from '../../model/usage-error.ts';
import { parseAt } from '../refusal.ts';
import { readYaml, type Written } from '../yaml.ts';
import { type Labels, labelsSchema } from './labels.ts';

export interface DiscoveredTarget {
  readonly target: string;
  readonly labels: Labels;
  /** As scrape configs for blackbox_exporter name it, by the label `__param_module`; null: that of the defaults. */
  readonly module: string | null;
  /** `FILE:12`, for messages; the file alone where it is long. */
  readonly place: string;
}

export interface DiscoveredBounds {
  /** Targets of the whole list. */
  readonly most: number;
  /** Labels by the `__meta_` label whose value they take. */
  readonly keep: Labels;
  /** What is known of every target of the place. */
  readonly meta: Labels;
}

const MOST_TARGET_LETTERS = 2048;
/** Lines are told of texts up to here: reading them takes a second for 400 kB, in which nothing else is done. */
const MOST_LINED = 262_144;
/** Fifty thousand targets with 160 letters of labels each. */
const MOST_LABEL_LETTERS = 8_388_608;
/** Of YAML that is no JSON. */
const MOST_YAML = 2_097_152;

const groupsSchema = z.array(
  z.strictObject({
    targets: z.array(
      z.string().min(1).max(MOST_TARGET_LETTERS, 'a target of more than 2048 letters'),
      'a list of targets is wanted',
    ),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  'a list of groups is wanted',
);

/** @param name of the file or URL, for messages @throws UsageError with the line, TooMuch */
export async function readDiscovered(
  text: string,
  name: string,
  { most, keep, meta }: DiscoveredBounds,
): Promise<readonly DiscoveredTarget[]> {
  // Cut before its first letter, as a file is while somebody writes it: no word that the targets have gone.
  if (text.trim() === '') throw new UsageError(`${name}: empty`, 'a list that names nothing is []');
  const { value, place } = await groupsIn(text, name);
  refuseTooMany(value, name, most);
  const groups = parseAt<z.infer<typeof groupsSchema>>(groupsSchema, value ?? [], place);
  let letters = 0;
  return groups.flatMap(({ targets, labels }, at) => {
    // What begins with __ is for relabelling, and gone after it, as with Prometheus; `keep` is the relabelling.
    const all: Labels = { ...meta, ...labels };
    const kept = Object.entries(labels).filter(([label]) => !label.startsWith('__'));
    const renamed = Object.entries(keep).flatMap(([label, from]) => {
      const found = all[from] ?? '';
      return found === '' ? [] : [[label, found] as const];
    });
    const own = parseAt<Labels>(labelsSchema, Object.fromEntries([...kept, ...renamed]), ([label = '', ...below]) =>
      place([at, 'labels', keep[String(label)] ?? label, ...below]),
    );
    // A group gives its labels to each of its targets, and every series of those repeats them.
    letters += targets.length * Object.entries(own).reduce((sum, [key, word]) => sum + key.length + word.length, 0);
    if (letters > MOST_LABEL_LETTERS)
      throw new TooMuch(`${name}: the labels of all targets together have more than ${MOST_LABEL_LETTERS} letters`);
    const module = labels['__param_module'] ?? null;
    return targets.map((target, index) => ({ target, module, labels: own, place: place([at, 'targets', index]) }));
  });
}

async function groupsIn(text: string, name: string): Promise<Pick<Written, 'value' | 'place'>> {
  const json = text.length > MOST_LINED ? jsonOf(text) : undefined;
  if (json !== undefined) return { value: json, place: () => name };
  if (text.length > MOST_YAML)
    throw new TooMuch(
      `${name}: more than ${MOST_YAML} letters that are no JSON`,
      'write it as JSON, or in several files',
    );
  return readYaml(text, name);
}

/** Counted before each is looked at. */
function refuseTooMany(value: unknown, name: string, most: number): void {
  if (!Array.isArray(value)) return;
  const count = (value as readonly unknown[]).reduce<number>((sum, group) => {
    const targets: unknown = typeof group === 'object' && group !== null && 'targets' in group ? group.targets : null;
    return sum + (Array.isArray(targets) ? targets.length : 0);
  }, 0);
  if (Math.max(count, value.length) <= most) return;
  throw new TooMuch(
    `${name}: ${count} targets in ${value.length} groups are more than the ${most} that discover.most permits`,
  );
}
