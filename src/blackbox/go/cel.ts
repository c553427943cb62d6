// Owns conditions in CEL over the JSON body of an answer, as blackbox_exporter compiles them with cel-go: one variable, `body`.
import { Environment } from '@marcbachmann/cel-js';

export interface CelProgram {
  readonly source: string;
  /** @returns what it came to; null where it could not be evaluated (a key that is not there) or is no boolean */
  evaluate(body: unknown): boolean | null;
}

/** Bounds on one expression: a config is trusted, a mistake in it is not. */
const LIMITS = { maxAstNodes: 10_000, maxDepth: 100 };

/** @returns null for what does not compile: bad syntax, a variable that is not `body` */
export function celProgram(source: string): CelProgram | null {
  const environment = new Environment({ limits: LIMITS }).registerVariable('body', 'dyn');
  try {
    if (!environment.check(source).valid) return null;
    const program = environment.parse(source);
    return {
      source,
      evaluate(body) {
        try {
          const result: unknown = program({ body });
          return typeof result === 'boolean' ? result : null;
        } catch {
          return null;
        }
      },
    };
  } catch {
    return null;
  }
}
