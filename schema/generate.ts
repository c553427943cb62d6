// Writes schema/journey-1.json from the runtime schemas; with --check it only says whether the file is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { probes } from '../probes/index.ts';
import { journeySchemaOf } from '../src/journey/read.ts';

const path = `${import.meta.dirname}/journey-1.json`;

/** `io: input` leaves objects open: a journey may carry more than this version knows. */
export async function publishedSchema(): Promise<string> {
  const schema = z.toJSONSchema(await journeySchemaOf(probes), { io: 'input', target: 'draft-2020-12' });
  const head = { $id: 'urn:outrider:journey:1', title: 'Outrider journey, schema "journey/1"' };
  return `${JSON.stringify({ ...schema, ...head }, null, 2)}\n`;
}

if (import.meta.main) {
  const text = await publishedSchema();
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write('schema/journey-1.json is not what the code says: run `npm run schema`\n');
    process.exitCode = 1;
  } else process.stdout.write('schema/journey-1.json is up to date\n');
}
