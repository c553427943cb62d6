// Owns reading a journey back from JSON: size bound, schema, a message that names the first place that is wrong.
import { z } from 'zod';
import type { AnyProbe, Schema } from '../contract/probe.ts';
import { type Journey, SCHEMA } from '../model/journey.ts';
import { journeySchema } from '../model/journey-schema.ts';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';

/** The schema of a journey with the evidence of these probes; also the source of schema/journey-1.json. */
export async function journeySchemaOf(probes: readonly AnyProbe[]): Promise<z.ZodType<Journey>> {
  const evidence = await Promise.all(probes.map(async (probe) => [probe.id, asZod(await probe.evidence())] as const));
  return journeySchema(Object.fromEntries(evidence));
}

/**
 * @param name of the file, for messages
 * @throws UsageError when the text is not a journey
 */
export async function readJourney(text: string, name: string, probes: readonly AnyProbe[]): Promise<Journey> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? visible(error.message).slice(0, 200) : 'not JSON';
    throw new UsageError(`${name} is not JSON: ${why}`, 'give a file written by `probe TARGET --format json`');
  }
  const version = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : null;
  if (version !== SCHEMA) {
    const seen = typeof version === 'string' ? `schema "${visible(version).slice(0, 40)}"` : 'no schema';
    throw new UsageError(
      `${name} has ${seen}, this program reads "${SCHEMA}"`,
      'give a file written by `probe TARGET --format json`',
    );
  }
  const parsed = (await journeySchemaOf(probes)).safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? '' : `/${issue.path.map(String).join('/')}: ${issue.message}`;
  throw new UsageError(
    `${name} is not a journey: ${visible(where).slice(0, 300)}`,
    'compare it with schema/journey-1.json',
  );
}

/** Built-in evidence schemas are zod already; a plugin's own kind is wrapped. */
function asZod(schema: Schema<unknown>): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  return z.unknown().transform((value) => schema.parse(value));
}
