// Owns what a judgement says: phrases, steps, findings, answers, outcomes of checks.
import type { Json } from './json.ts';
import type { EndpointId, WireText } from './text.ts';

export const severities = ['critical', 'warning', 'notice'] as const;
export type Severity = (typeof severities)[number];

declare const checked: unique symbol;
/** RFC 6901 pointer into the journey document. */
export type Pointer = string & { readonly [checked]: 'json-pointer' };

/** Builds a pointer into the journey: `pointer('evidence', 'tls', 'byEndpoint', 0)`. RFC 6901 3. */
export function pointer(...path: readonly (string | number)[]): Pointer {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('') as Pointer;
}

/** A sentence in pieces, so that wire text in it stays marked until it is flattened with visible escapes. */
export type Phrase = readonly (string | number | WireText)[];

/** `a, b, c`; of more than `most` the first, and how many more: `a, b and 4 more`. */
export function listing<T extends Phrase[number]>(items: readonly T[], most: number): readonly (T | string)[] {
  const shown = items.slice(0, most).flatMap((item, index) => (index === 0 ? [item] : [', ', item]));
  return items.length > most ? [...shown, ` and ${items.length - most} more`] : shown;
}

/** `a, b and c`; of more than `most` the first, and how many more: `a, b and 4 more`. */
export function enumeration<T extends Phrase[number]>(
  items: readonly T[],
  most: number = items.length,
): readonly (T | string)[] {
  if (items.length > most) return listing(items, most);
  const last = items.length - 1;
  return items.flatMap((item, index) => (index === 0 ? [item] : [index === last ? ' and ' : ', ', item]));
}

/** What to do next: a change in words, or a command as argv (quoted by the printer, because people paste it). */
export type Step =
  | { readonly kind: 'change'; readonly text: Phrase }
  | { readonly kind: 'command'; readonly argv: readonly (string | WireText)[] };

/** As written in the journey: flattened. */
export type WrittenStep =
  | { readonly kind: 'change'; readonly text: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/** What was, or was expected, and what is, in words. */
export interface Change {
  readonly before: string;
  readonly after: string;
}

export interface Finding {
  /** Noun of the failing state, without severity: `certificate-expiry`. */
  readonly id: string;
  readonly severity: Severity;
  readonly probe: string;
  readonly endpoint: EndpointId | null;
  readonly zone: string | null;
  readonly what: string;
  readonly soWhat: string;
  /** One printable string made from `steps`. */
  readonly nowWhat: string;
  readonly steps: readonly WrittenStep[];
  readonly evidence: readonly Pointer[];
  /** Of what is not as it was; absent in findings that compare nothing. */
  readonly change?: Change;
}

export const outcomes = ['pass', 'found', 'not-applicable', 'not-judged'] as const;
export interface CheckResult {
  readonly id: string;
  readonly probe: string;
  readonly outcome: (typeof outcomes)[number];
  /** Why not applicable or not judged; null otherwise. */
  readonly because: string | null;
}

/** `observed`: seen on the wire. `inferred`: concluded from signals. `declared`: a person said so. `not-visible`: cannot be seen from outside. */
export const confidences = ['observed', 'inferred', 'declared', 'not-visible'] as const;
export type Confidence = (typeof confidences)[number];
export type Question = 1 | 2 | 3 | 4 | 5 | 6;

export interface Answer {
  readonly question: Question;
  readonly probe: string;
  /** The question in words. */
  readonly title: string;
  readonly summary: string;
  readonly confidence: Confidence;
  readonly facts: { readonly [name: string]: Json };
}
