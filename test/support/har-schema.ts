// Owns the judgement whether something is an HTTP archive, by the published schema of HAR 1.2.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const require = createRequire(import.meta.url);
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
const folder = dirname(require.resolve('har-schema'));
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')))
  ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')) as object);
const isHar = ajv.getSchema('har.json#');

/** Null when it is one. */
export function faultsOfHar(archive: unknown): unknown {
  if (isHar === undefined) throw new Error('the schema of HAR is not there');
  return isHar(archive) ? null : isHar.errors;
}
