// Owns the keys whose values are the options of a probe: the probe's own schema says what they may be.
import { z } from 'zod';
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

export const stepsPart = probePart('steps', ['steps', 'assert', 'repeat', 'every']);
