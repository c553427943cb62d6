// Owns what a check is: a pure judgement of evidence that was written down before.
import type { Change, Phrase, Pointer, Severity, Step } from '../model/finding.ts';
import type { Hop } from '../model/latency.ts';
import type { Endpoint, Target } from '../model/target.ts';
import type { EndpointId } from '../model/text.ts';

/** One thing found. `severity`, `soWhat` and `nowWhat` replace the check's own for this one sight. */
export interface Seen {
  readonly what: Phrase;
  readonly endpoint?: EndpointId;
  readonly severity?: Severity;
  readonly soWhat?: string;
  readonly nowWhat?: readonly Step[];
  readonly evidence: readonly [Pointer, ...Pointer[]];
  /** Of what is not as it was. */
  readonly change?: Change;
}

/** `not-judged`: the evidence was there but did not hold what the check needs. Absence never passes. */
export type Judged =
  | { readonly outcome: 'pass' }
  | { readonly outcome: 'not-applicable'; readonly because: string }
  | { readonly outcome: 'not-judged'; readonly because: string }
  | { readonly outcome: 'found'; readonly seen: readonly [Seen, ...Seen[]] };

/** What every check may know beside the evidence it declared. */
export interface Given<Policy> {
  readonly policy: Policy;
  /** The time that expiry is measured against, Unix milliseconds. Never the clock. */
  readonly asOfMs: number;
  readonly target: Target;
  readonly endpoints: readonly Endpoint[];
  readonly hops: readonly Hop[];
}

/**
 * A check sees only the evidence named in `needs`; when one of these is missing its outcome is `not-judged`.
 * `id` is a noun of the failing state without severity (`certificate-expiry`), unique over all probes.
 */
export interface Check<Facts extends Record<string, unknown>, Policy = unknown> {
  readonly id: string;
  readonly needs: readonly (keyof Facts & string)[];
  /** Default; policy may override it by id. */
  readonly severity: Severity;
  readonly title: string;
  /** Why it matters, one sentence. */
  readonly soWhat: string;
  /** What to do, when the sight does not say it better. */
  readonly nowWhat: readonly Step[];
  /** RFC sections, vendor pages. */
  readonly sources: readonly string[];
  judge(facts: Facts, given: Given<Policy>): Judged;
}

// oxlint-disable-next-line typescript/no-explicit-any -- checks of many fact types stand in one list; the engine feeds each what it declared
export type AnyCheck<Policy = any> = Check<any, Policy>;

/** `found` when anything was seen, else `pass`. */
export function foundOrPass(seen: readonly Seen[]): Judged {
  const [first, ...rest] = seen;
  return first === undefined ? { outcome: 'pass' } : { outcome: 'found', seen: [first, ...rest] };
}
