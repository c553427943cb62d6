// Owns what a probe is: a question, and lazy doors to its looking and its judging.

import type { AddressRanges } from '../model/address-ranges.ts';
import type { Confidence, Phrase, Question } from '../model/finding.ts';
import type { Observation } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import type { Attempt } from '../model/problem.ts';
import type { Endpoint, Target } from '../model/target.ts';
import type { IpAddress, WireText } from '../model/text.ts';
import type { Lookup, Ride } from '../model/trace.ts';
import type { AskedRequest } from './call.ts';
import type { AnyCheck, Given } from './check.ts';
import type { Fact } from './fact.ts';
import type { Net } from './net.ts';
import type { Section } from './section.ts';

/** What zod schemas fulfil; plugins may bring another library. */
export interface Schema<T> {
  /** @throws an error whose message names the path and what was expected */
  parse(value: unknown): T;
}

export interface GatherContext<Options> {
  readonly target: Target;
  readonly endpoints: readonly Endpoint[];
  /** The first lookup of the target's name; null when the target or `--connect` gave addresses. */
  readonly lookup: Lookup | null;
  /** Empty for probes that read `lookup`. */
  readonly ride: Ride;
  readonly options: Options;
  /** Absent where nobody said. */
  readonly request?: AskedRequest;
  /** DER of each root that the ride's handshakes are verified against, the same list every time; absent where nobody said. */
  readonly trustedRoots?: () => readonly Uint8Array[];
  /** PEM of the certificate that servers get when they ask for one, its chain behind it; absent without one. Never its key. */
  readonly clientCertificatePem?: string;
  /** Wall clock when the journey began, Unix ms. */
  readonly startedAtMs: number;
  /** Evidence of the probes named in `after`, by id; absent when they have none. */
  readonly earlier: { readonly [probe: string]: Json | undefined };
  /** Earlier journeys to the same host, the oldest first; absent when none was given. */
  readonly before?: readonly Observation[];
  /** What the lists that a person gave say of addresses; absent without any. */
  readonly networks?: AddressRanges;
  /** What the probe's `beside` handed over; absent without one, and in it. */
  readonly beside?: Attempt<Json>;
  readonly net: Net;
  readonly signal: AbortSignal;
}

/** Looks, judges nothing. Resolves `failed` for what the world did; throws only for faults of the program. */
export type Gather<E, Options> = (context: GatherContext<Options>) => Promise<Attempt<E>>;

/** One sample of a metric family in src/metrics/catalogue.ts. Base units. Labels `target`, and `zone` from `endpoint`, are added later. */
export interface MetricSample {
  readonly family: string;
  readonly labels: Readonly<Record<string, string | WireText>>;
  readonly value: number;
}

/** An answer before it is flattened into the journey. */
export interface Reply {
  readonly summary: Phrase;
  readonly confidence: Confidence;
  readonly facts: { readonly [name: string]: Json };
}

export interface Judgement<E, Policy> {
  readonly checks: readonly AnyCheck<Policy>[];
  /** The answer to the probe's question; `null` evidence means that nothing could be gathered. */
  answer(evidence: E | null, given: Given<Policy>): Reply;
}

/** What an address is told to stand in. */
export interface ZoneTold {
  readonly address: IpAddress;
  readonly zone: string;
}

/** What `--plan` knows. */
export interface Going {
  readonly target: Target;
  /** As given for the probe; undefined for the defaults. */
  readonly options: unknown;
}

export interface Probe<E = unknown, Options = unknown, Policy = unknown> {
  /** Also the key of its evidence in the journey. */
  readonly id: string;
  readonly question: Question | null;
  /** The question in words. */
  readonly title: string;
  /** `lookup`: runs beside the ride and sends its own traffic. `ride`: runs after it and reads its traces. */
  readonly reads: 'lookup' | 'ride';
  /** Probes whose evidence `gather` wants; they run first. */
  readonly after: readonly string[];
  /** What `--plan` says this probe sends beyond the ride; null when nothing. */
  readonly sends: string | null | ((going: Going) => string | null);
  /** How long what it sends after the ride may take, ms, answers not counted; absent where it is over at once or beside the ride. */
  readonly lastsMs?: (going: Going) => number;
  /** What holds when nothing is given: equal to what the schemas make of `{}` (a test), without loading them. */
  defaults(): Promise<{ readonly options: Options; readonly policy: Policy }>;
  options(): Promise<Schema<Options>>;
  policy(): Promise<Schema<Policy>>;
  evidence(): Promise<Schema<E>>;
  gather(): Promise<Gather<E, Options>>;
  /** Of a probe that reads `ride`: traffic of its own beside the ride, cut off soon after it. What it resolves to comes to `gather` as `beside`. */
  beside?(): Promise<Gather<Json, Options>>;
  /** What came of `beside` tells of zones, by the names of addresses: a hint, used where nobody else knows the zone. Absent where it tells none. */
  zones?(): Promise<(told: Json) => readonly ZoneTold[]>;
  judgement(): Promise<Judgement<E, Policy>>;
  /** What a person may expect to stay as it is, and what two journeys may differ in; absent where there is no such thing. */
  facts?(): Promise<readonly Fact<E>[]>;
  metrics(): Promise<(evidence: E) => Iterable<MetricSample>>;
  section(): Promise<(evidence: E) => Section>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- the engine holds probes of many evidence types in one list
export type AnyProbe = Probe<any, any, any>;
