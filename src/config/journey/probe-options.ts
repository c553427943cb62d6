// Owns the keys whose values are the options of a probe: the probe's own schema says what they may be.
import { z } from 'zod';
import { UsageError } from '../../model/usage-error.ts';
import type { JourneyPart } from './part.ts';

/** @param keys options of the probe that stand in a journey file under the same name */
export function probePart(probe: string, keys: readonly string[]): JourneyPart {
  return {
    async schemas(probes) {
      const schema = await probes.find(({ id }) => id === probe)?.options();
      if (!(schema instanceof z.ZodObject)) return {};
      const { shape } = schema as z.ZodObject<Record<string, z.ZodType>>;
      return Object.fromEntries(keys.flatMap((key) => (shape[key] === undefined ? [] : [[key, shape[key]] as const])));
    },
    read: (values) => (Object.keys(values).length === 0 ? {} : { probeOptions: { [probe]: values } }),
  };
}

const steps = probePart('steps', ['steps', 'assert', 'repeat', 'every']);

/** `assert` beside `request` holds the request of the ride to something; with steps each has its own. */
export const stepsPart: JourneyPart = {
  schemas: (probes) => steps.schemas(probes),
  async read(values, context) {
    if (values['assert'] === undefined) return steps.read(values, context);
    if (values['steps'] !== undefined)
      throw new UsageError(
        `${context.place(['assert'])}: with steps, each step has assertions of its own`,
        'write assert: under a step',
      );
    const { request } = context.whole;
    return steps.read({ ...values, ...(request === undefined ? {} : { request }) }, context);
  },
};

export const accessPart = probePart('access', ['dependsOn', 'health']);
