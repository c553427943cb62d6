// Owns a journey file: YAML whose keys are assembled from parts, read to what it changes of a ride.
// Never rides: whoever asked joins it with the command line.
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { AnyProbe } from '../../contract/probe.ts';
import { UsageError } from '../../model/usage-error.ts';
import { parseAt } from '../refusal.ts';
import { type SecretSources, withSecrets } from '../secrets.ts';
import { readYaml, type Written } from '../yaml.ts';
import { authPart } from './auth.ts';
import type { Contribution, JourneyPart } from './part.ts';
import { accessPart, stepsPart } from './probe-options.ts';
import { requestPart } from './request.ts';
import { ridePart } from './ride.ts';

/** Every part: the only list of them. */
const parts: readonly JourneyPart[] = [ridePart, requestPart, authPart, stepsPart, accessPart];

export interface JourneyFileSources {
  readonly probes: readonly AnyProbe[];
  readonly env: SecretSources['env'];
  /** @throws UsageError that names the key and the file */
  readonly readBytes: (path: string, key: string) => Promise<Uint8Array>;
}

/** @param name of the file: for messages, and paths in it are meant from its folder @throws UsageError with file and line */
export async function readJourneyFile(text: string, name: string, sources: JourneyFileSources): Promise<Contribution> {
  return readJourney(await readYaml(text, name), name, sources);
}

/**
 * A journey that stands in a file, alone or among other things.
 * @param otherKeys what may stand beside its keys, for messages
 * @throws UsageError with file and line
 */
export async function readJourney(
  written: Pick<Written, 'value' | 'place'>,
  name: string,
  { probes, env, readBytes }: JourneyFileSources,
  otherKeys: readonly string[] = [],
): Promise<Contribution> {
  const resolvePath = (path: string): string => resolve(dirname(name), path);
  if (typeof written.value !== 'object' || written.value === null || Array.isArray(written.value))
    throw new UsageError(`${name}: a journey file is a mapping`, 'for example: target: https://kms.example/');
  const readFile = async (path: string): Promise<string> =>
    Buffer.from(await readBytes(resolvePath(path), 'file')).toString('utf8');
  const value = await withSecrets(written, { env, readFile });
  const { place } = written;
  const { shapes, whole } = await schemasOf(probes);
  const filled = parseAt<Record<string, unknown>>(
    whole,
    value,
    place,
    [...Object.keys(whole.shape), ...otherKeys].toSorted(),
  );
  // What is not written is left to whoever has the default.
  const parsed = pick(filled, Object.keys(written.value));
  const context = { whole: parsed, env, place, probes, resolvePath, readBytes };
  const read = parts.map(async (part, at) => part.read(pick(parsed, Object.keys(shapes[at] ?? {})), context));
  return joined(await Promise.all(read));
}

/** JSON Schema of a journey file, for editors. */
export async function journeyFileSchema(probes: readonly AnyProbe[]): Promise<object> {
  const { whole } = await schemasOf(probes);
  const { $schema, ...schema } = z.toJSONSchema(whole, { unrepresentable: 'any', io: 'input' });
  return { $schema, title: 'A journey of outrider: probe --journey FILE', ...schema };
}

type Shapes = readonly Readonly<Record<string, z.ZodType>>[];
const known = new WeakMap<
  readonly AnyProbe[],
  Promise<{ readonly shapes: Shapes; readonly whole: ReturnType<typeof schemaOf> }>
>();

/** Made once: the agent reads ten thousand journeys by them. */
function schemasOf(probes: readonly AnyProbe[]) {
  const made = async () => {
    const shapes = await Promise.all(parts.map((part) => part.schemas(probes)));
    return { shapes, whole: schemaOf(shapes) };
  };
  const one = known.get(probes) ?? made();
  known.set(probes, one);
  return one;
}

function schemaOf(shapes: readonly Readonly<Record<string, z.ZodType>>[]) {
  const entries = shapes
    .flatMap((shape) => Object.entries(shape))
    .map(([key, schema]) => [key, schema.optional()] as const);
  return z.strictObject(Object.fromEntries(entries));
}

function pick(values: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]] as const])));
}

/** Each over those before it, key by key. */
export function joined(contributions: readonly Contribution[]): Contribution {
  const whole: Contribution = Object.assign({}, ...contributions);
  const options: Contribution['options'] = Object.assign({}, ...contributions.map((one) => one.options));
  const request: Contribution['request'] = Object.assign({}, ...contributions.map((one) => one.request));
  const probeOptions: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const one of contributions) {
    for (const [probe, own] of Object.entries(one.probeOptions ?? {}))
      probeOptions[probe] = { ...probeOptions[probe], ...own };
  }
  return {
    ...whole,
    ...(options === undefined ? {} : { options }),
    ...(request === undefined ? {} : { request }),
    probeOptions,
  };
}
