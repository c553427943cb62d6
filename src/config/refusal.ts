// Owns the step from what a schema refuses to words with file and line. Never repeats a value: it may be a secret.
import { nearest } from '../model/nearest.ts';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import type { Written } from './yaml.ts';

/** As zod says what is wrong. */
interface Issue {
  readonly code?: string;
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
}

/** Schemas throw errors with a list of these; anything else is a fault of the program. */
function issuesOf(error: unknown): readonly Issue[] | null {
  const { issues } = (error ?? {}) as { readonly issues?: unknown };
  return error instanceof Error && Array.isArray(issues) ? (issues as readonly Issue[]) : null;
}

/**
 * Parses by the schema. `known` names the keys that a mistyped one at `base` may have meant.
 * @throws UsageError that names file and line
 */
export function parseAt<T>(
  schema: { parse(value: unknown): T },
  value: unknown,
  place: Written['place'],
  known: readonly string[] = [],
): T {
  try {
    return schema.parse(value);
  } catch (error) {
    const issues = issuesOf(error);
    if (issues === null) throw error;
    // What is missing may be there under a mistyped name.
    const first = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
    throw new UsageError(`${first === undefined ? place([]) : sentence(first, place)}${more}`, remedyFor(first, known));
  }
}

function sentence({ path, message, code, keys = [] }: Issue, place: Written['place']): string {
  const steps = path.map((step) => (typeof step === 'number' ? step : String(step)));
  const [stranger] = keys;
  const inside = code === 'unrecognized_keys' && stranger !== undefined;
  const at = place(inside ? [...steps, stranger] : steps);
  const named = steps.length === 0 ? '' : `${steps.map((step) => short(String(step))).join('.')}: `;
  const says = inside ? `no key is called "${short(stranger)}"` : lowerFirst(message);
  return `${at}: ${named}${says}`;
}

function remedyFor(issue: Issue | undefined, known: readonly string[]): string | null {
  const [stranger] = issue?.keys ?? [];
  if (stranger === undefined || issue?.path.length !== 0) return null;
  const near = nearest(stranger, known);
  return `${near === null ? '' : `did you mean "${near}"? `}the keys are ${known.join(', ')}`;
}

function lowerFirst(message: string): string {
  return visible(message.slice(0, 300)).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

function short(name: string): string {
  return visible(name).slice(0, 40);
}
