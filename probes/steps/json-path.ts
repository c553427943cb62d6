// Owns JSONPath (RFC 9535): read once, asked of answers. Patterns in it are linear in time, recursion is bounded.
// Never throws for an answer.
import { FunctionExpressionType, JSONPathEnvironment, type JSONValue } from 'json-p3';
import type { Json } from '../../src/model/json.ts';
import { patternOf } from './pattern.ts';

/** Null: the answer nests deeper than is followed. */
export type JsonPath = (value: Json) => readonly Json[] | null;

const MAX_DEPTH = 100;
/** Patterns out of answers are compiled too (`match(@.a, @.b)`): so many are kept. */
const MAX_PATTERNS = 32;

/** @throws Error that says what is wrong with it */
export function jsonPathOf(source: string): JsonPath {
  const environment = new JSONPathEnvironment({ maxRecursionDepth: MAX_DEPTH });
  environment.functionRegister.set(
    'match',
    matching((pattern) => `^(?:${pattern})$`),
  );
  environment.functionRegister.set(
    'search',
    matching((pattern) => pattern),
  );
  const query = environment.compile(source);
  return (value) => {
    try {
      return query.query(value as JSONValue).values() as readonly Json[];
    } catch {
      return null;
    }
  };
}

/** RFC 9535 2.4.6: what is no I-Regexp matches nothing. */
function matching(whole: (pattern: string) => string) {
  const known = new Map<string, ReturnType<typeof patternOf> | null>();
  const compile = (source: string): ReturnType<typeof patternOf> | null => {
    try {
      return patternOf(whole(source));
    } catch {
      return null;
    }
  };
  return {
    argTypes: [FunctionExpressionType.ValueType, FunctionExpressionType.ValueType],
    returnType: FunctionExpressionType.LogicalType,
    call(text: unknown, source: unknown): boolean {
      if (typeof text !== 'string' || typeof source !== 'string') return false;
      if (known.size > MAX_PATTERNS) known.clear();
      const pattern = known.get(source) ?? compile(source);
      known.set(source, pattern);
      return pattern?.found(text) === true;
    },
  };
}
