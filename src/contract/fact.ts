// Owns what a fact is: something a journey saw that a person may expect to stay, and that two journeys may differ in.
// Pure: facts are read out of evidence that was written down before.
import type { Pointer } from '../model/finding.ts';
import type { EndpointId } from '../model/text.ts';
import type { Given } from './check.ts';

/**
 * How what is seen is held to what is expected. Lists: `nothing-but` these (each need not be seen), `exactly` these in any order,
 * `at-least-these`; `addresses` must be there when they stand alone, and may be there when they stand as a range. Numbers: `between` two
 * bounds, `at-least`, `at-most`.
 */
export const rules = [
  'nothing-but',
  'exactly',
  'at-least-these',
  'addresses',
  'between',
  'at-least',
  'at-most',
] as const;
export type Rule = (typeof rules)[number];

export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}
export type Expected = readonly string[] | Bounds;

/** `holds`: no drift, though the figure is beyond the bound: chance makes such figures. */
export type Weight = 'drift' | 'holds' | { readonly because: string };

/** One sight of a fact. Text of the wire is written with visible escapes before it comes here. */
export interface Sight {
  /** Null for what is no endpoint's own. */
  readonly endpoint: EndpointId | null;
  /** Null when it could not be seen; `because` says why. */
  readonly value: number | readonly string[] | null;
  readonly because?: string;
  readonly evidence: Pointer;
  /** What to expect from now on, where that is not the value itself: a bound with head-room, a range. Null: too unsteady to expect anything. */
  readonly expect?: Expected | null;
  /** Of a number beyond the bound: whether that is more than chance. Absent where numbers are exact. */
  readonly weigh?: (bound: number) => Weight;
}

export interface Fact<Evidence = unknown> {
  /** Under the name of its probe in a file of expectations: `nameServers`. */
  readonly key: string;
  /** Id of the check that holds it; a noun of the failing state. */
  readonly drift: string;
  readonly rule: Rule;
  /** The fact in words, without a verb: `Name servers of the zone`. */
  readonly title: string;
  /** How a person should read its line: stands as a comment in the file. */
  readonly reading: string;
  /** Why a drift matters, one sentence. */
  readonly soWhat: string;
  /** False: told when two journeys differ, expected only where a person writes it. */
  readonly learned?: false;
  /** Key of the fact whose drift brings this one's with it, and says it. */
  readonly saidBy?: string;
  readonly look: (evidence: Evidence, given: Given<unknown>) => readonly Sight[] | { readonly unseen: string };
}

// oxlint-disable-next-line typescript/no-explicit-any -- facts of many evidence types stand in one list
export type AnyFact = Fact<any>;
