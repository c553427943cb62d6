// Owns JSON Schema (drafts 07 and 2020-12): read once, held against answers. Patterns in it are linear in time; nothing is fetched.
import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from '../../src/model/json.ts';
import { patternOf } from './pattern.ts';

/** Null: the value is as the schema says; else where it is not. */
export type SchemaTest = (value: Json) => string | null;

/** Ajv tells patterns apart by how they print. */
const linear = (source: string): { test(text: string): boolean; toString(): string } => {
  const pattern = patternOf(source);
  return { test: (text) => pattern.found(text), toString: () => source };
};
const regExp = Object.assign(linear, { code: 'patternOf' });
const OPTIONS: Options = { strict: false, validateFormats: false, allErrors: false, code: { regExp: regExp as never } };

/** @throws Error that says what is wrong with it */
export function schemaTestOf(schema: Readonly<Record<string, unknown>> | boolean): SchemaTest {
  const isOld =
    typeof schema === 'object' && typeof schema['$schema'] === 'string' && /draft-0[67]/.test(schema['$schema']);
  const validate = new (isOld ? Ajv : Ajv2020)(OPTIONS).compile(schema);
  return (value) => {
    if (validate(value)) return null;
    const [first] = validate.errors ?? [];
    return `${first?.instancePath === '' ? 'the answer' : first?.instancePath} ${first?.message ?? 'is refused'}`;
  };
}
