// Writes schema/journey-1.json, schema/certs-1.json and schema/diff-1.json from the runtime schemas; with --check it only says whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { probes } from '../probes/index.ts';
import { journeySchemaOf } from '../src/journey/read.ts';
import { certsDocumentSchema } from '../src/model/certs-schema.ts';
import { diffSchema } from '../src/model/diff-schema.ts';

/** By file name. `io: input` leaves objects open: a document may carry more than this version knows. */
async function publishedSchemas(): Promise<ReadonlyMap<string, string>> {
  const written = (schema: z.ZodType, id: string, title: string): string => {
    const body = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
    return `${JSON.stringify({ ...body, $id: `urn:outrider:${id}`, title }, null, 2)}\n`;
  };
  return new Map([
    ['journey-1.json', written(await journeySchemaOf(probes), 'journey:1', 'Outrider journey, schema "journey/1"')],
    ['certs-1.json', written(certsDocumentSchema, 'certs:1', 'Outrider report of certificates, schema "certs/1"')],
    ['diff-1.json', written(diffSchema, 'diff:1', 'What changed between two journeys, schema "diff/1"')],
  ]);
}

if (import.meta.main) {
  for (const [name, text] of await publishedSchemas()) {
    const path = `${import.meta.dirname}/${name}`;
    if (!process.argv.includes('--check')) writeFileSync(path, text);
    else if (readFileSync(path, 'utf8') !== text) {
      process.stderr.write(`schema/${name} is not what the code says: run \`npm run schema\`\n`);
      process.exitCode = 1;
    } else process.stdout.write(`schema/${name} is up to date\n`);
  }
}
