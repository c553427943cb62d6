// Owns the JSON Schema of the agent's file, for editors: its own keys, those of a journey beside each target and among the defaults. Never reads a file.
import { z } from 'zod';
import type { AnyProbe } from '../../contract/probe.ts';
import { journeyFileSchema } from '../journey/journey.ts';
import { fileSchema } from './agent-file.ts';
import { ownKeys } from './agent-target.ts';
import { httpPlace } from './discover.ts';

interface Written {
  readonly properties: Readonly<Record<string, unknown>>;
}

export async function agentFileSchema(probes: readonly AnyProbe[]): Promise<object> {
  const journey = (await journeyFileSchema(probes)) as Written;
  const { $schema, ...whole } = written(fileSchema) as Written & { readonly $schema: string };
  const own = written(ownKeys) as Written;
  const { $schema: _, ...place } = written(httpPlace) as { readonly $schema: string };
  const mapping = (properties: Readonly<Record<string, unknown>>) => ({
    ...{ type: 'object', properties, additionalProperties: false },
  });
  const discover = whole.properties['discover'] as Written;
  return {
    ...{ $schema, title: 'The agent of outrider: probe serve --config FILE', ...whole },
    properties: {
      ...whole.properties,
      defaults: mapping({ ...journey.properties, module: { type: 'string' } }),
      targets: {
        type: 'array',
        items: { anyOf: [{ type: 'string', minLength: 1 }, mapping({ ...journey.properties, ...own.properties })] },
      },
      discover: {
        ...discover,
        properties: {
          ...discover.properties,
          http: { type: 'array', items: { anyOf: [{ type: 'string', format: 'uri' }, place] } },
        },
      },
    },
  };
}

function written(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
}
