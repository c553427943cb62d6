// Owns reading a policy: from the file of --policy, with the line of each name that nobody knows, and out of an old journey.

import { readYaml } from '../config/yaml.ts';
import type { AnyProbe } from '../contract/probe.ts';
import { sectionsOf } from '../expect/sections.ts';
import type { Policy } from '../journey/judge.ts';
import { type Severity, severities } from '../model/finding.ts';
import type { Journey } from '../model/journey.ts';
import { suggestion } from '../model/nearest.ts';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { readText } from './input-file.ts';

/** A policy is a page of text; more is a mistaken file name. Bytes. */
const MAX_POLICY_BYTES = 1_048_576;

/** @throws UsageError with file and line for names that nobody knows: a threshold under a mistyped name would be silently without effect */
export async function readPolicy(path: string, probes: readonly AnyProbe[]): Promise<Policy> {
  const text = await readText(path, '--policy', MAX_POLICY_BYTES);
  const { value, place } = await readYaml(text, path);
  if (value === null || value === undefined) return { probes: {}, severities: {} };
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(`${path}: a policy is a mapping`, 'for example: tls: { warnDays: 45 }');
  }
  const { severities: bySeverity, ...byProbe } = value as Record<string, unknown>;
  const probeIds = probes.map(({ id }) => id);
  for (const id of Object.keys(byProbe)) {
    if (!probeIds.includes(id))
      throw new UsageError(
        `${place([id])}: no probe is called "${short(id)}"`,
        `${suggestion(id, [...probeIds, 'severities'])}the probes are ${probeIds.join(', ')}; severities go under "severities"`,
      );
  }
  const found = severitiesOf(bySeverity, path);
  const names = Object.keys(found);
  const checkIds = names.length === 0 ? [] : await checkIdsOf(probes);
  const stranger = names.find((id) => !checkIds.includes(id));
  if (stranger === undefined) return { probes: byProbe, severities: found };
  throw new UsageError(
    `${place(['severities', stranger])}: no check is called "${short(stranger)}"`,
    `${suggestion(stranger, checkIds)}the README of each probe lists its checks`,
  );
}

/**
 * What a journey was judged with, so that judging it again without a word gives the same. Names that are gone since are left out.
 * @param file for messages
 * @throws UsageError for severities that are none
 */
export function storedPolicy({ judgedWith }: Journey, file: string, probes: readonly AnyProbe[]): Policy {
  const { severities: bySeverity, ...byProbe } = judgedWith.policy;
  const known = probes.filter(({ id }) => byProbe[id] !== undefined).map(({ id }) => [id, byProbe[id]] as const);
  return { probes: Object.fromEntries(known), severities: severitiesOf(bySeverity, `${file}: judgedWith.policy`) };
}

function severitiesOf(value: unknown, where: string): Readonly<Record<string, Severity>> {
  if (value === undefined || value === null) return {};
  const wrong =
    typeof value !== 'object' ||
    Array.isArray(value) ||
    Object.values(value).some((severity) => !severities.includes(severity as Severity));
  if (wrong) throw new UsageError(`${where}: severities map a check id to ${severities.join(', ')}`);
  return value as Record<string, Severity>;
}

async function checkIdsOf(probes: readonly AnyProbe[]): Promise<readonly string[]> {
  const judgements = await Promise.all(probes.map((probe) => probe.judgement()));
  const facts = (await sectionsOf(probes)).flatMap((section) => section.facts.map(({ drift }) => drift));
  return [...judgements.flatMap(({ checks }) => checks.map(({ id }) => id)), ...facts];
}

function short(name: string): string {
  return visible(name).slice(0, 40);
}
