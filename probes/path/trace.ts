// Owns the traffic of the path probe: which endpoints are traced, and whose names are asked for. Judges nothing.
import type { FullSize, Traced } from '../../src/contract/path.ts';
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { addressScope } from '../../src/model/address-scope.ts';
import type { Json } from '../../src/model/json.ts';
import { type Attempt, problemCatalogue } from '../../src/model/problem.ts';
import type { Endpoint } from '../../src/model/target.ts';
import type { IpAddress, WireText } from '../../src/model/text.ts';
import { pointerNames } from '../../src/net/dns/pointer-names.ts';
import type { PathEvidence } from './evidence.ts';
import type { PathOptions } from './options.ts';

/** Routers whose names are asked for, and how long all of it may take, ms: reverse zones are often served badly. */
const MAX_NAMES = 32;
const NAMES_MS = 1000;

/** What it hands over to `gather`. */
export interface TracedAll {
  readonly traced: readonly {
    readonly endpoint: Endpoint;
    readonly cut: boolean;
    readonly value: Traced;
    readonly fullSize: FullSize | null;
  }[];
  readonly untraced: PathEvidence['untraced'];
  readonly names: readonly (readonly [IpAddress, WireText])[];
}

export const trace: Gather<Json, PathOptions> = async (context) => {
  const { net, options, endpoints, signal } = context;
  const beganMs = net.now();
  const { trace: traceOne } = net;
  if (!options.trace || traceOne === undefined)
    return { state: 'skipped', because: 'no packets of its own were asked for' };
  const chosen = chosenOf(endpoints, options.maxEndpoints);
  if (chosen.length === 0)
    return { state: 'skipped', because: 'every endpoint is this machine itself: there is no network between' };
  const attempts = await Promise.all(
    chosen.map(async (endpoint) => {
      const [attempt, fullSize] = await Promise.all([
        traceOne(endpoint, options, signal),
        fullSizeOf(context, endpoint),
      ]);
      return { endpoint, attempt, fullSize };
    }),
  );
  const traced = attempts.flatMap(({ endpoint, attempt, fullSize }) => {
    const value = attempt.state === 'complete' || attempt.state === 'unfinished' ? attempt.value : null;
    return value === null ? [] : [{ endpoint, cut: attempt.state === 'unfinished', value, fullSize }];
  });
  const untraced = attempts.flatMap(({ endpoint: { id }, attempt }) => {
    const because = reasonOf(attempt);
    return because === null ? [] : [{ endpoint: id, because }];
  });
  const [none] = untraced;
  if (traced.length === 0 && none !== undefined)
    return { state: 'skipped', because: `${none.because}${elsewhere(chosen[0] as Endpoint)}` };
  const value: TracedAll = { traced, untraced, names: await namesOf(context, traced) };
  return { state: 'complete', value: value as unknown as Json, elapsedMs: net.now() - beganMs };
};

async function fullSizeOf(
  { net, options, signal }: GatherContext<PathOptions>,
  endpoint: Endpoint,
): Promise<FullSize | null> {
  const attempt = options.fullSize ? await net.fullSize?.(endpoint, signal) : undefined;
  return attempt?.state === 'complete' || attempt?.state === 'unfinished' ? attempt.value : null;
}

/** The first of each zone; those without a zone each by itself. Whatever is on this machine has no path. */
export function chosenOf(endpoints: readonly Endpoint[], max: number): readonly Endpoint[] {
  const remote = endpoints.filter(({ address }) => addressScope(address) !== 'loopback');
  const firsts = remote.filter(
    ({ zone }, at) => zone === null || remote.findIndex((other) => other.zone === zone) === at,
  );
  return firsts.slice(0, max);
}

function reasonOf(attempt: Attempt<Traced>): string | null {
  if (attempt.state === 'skipped') return attempt.because;
  if (attempt.state === 'failed') return `the path could not be traced: ${problemCatalogue[attempt.problem.code].says}`;
  return attempt.value === null ? 'the journey ended first' : null;
}

/** What does it instead. */
function elsewhere({ address, port }: Endpoint): string {
  return `; \`--trace-mtr\` lets the program mtr do it, or \`mtr --tcp --port ${port} --report --no-dns ${address}\` tells it`;
}

async function namesOf(
  { net, options, signal }: GatherContext<PathOptions>,
  traced: TracedAll['traced'],
): Promise<TracedAll['names']> {
  const [resolver] = options.names === 'none' ? [] : net.dns.resolvers;
  if (resolver === undefined || signal.aborted) return [];
  const all = new Set(traced.flatMap(({ value }) => value.replies.flatMap(({ from }) => from ?? [])));
  const asked = [...all].filter((address) => options.names === 'all' || addressScope(address) === 'public');
  const soon = AbortSignal.any([signal, AbortSignal.timeout(NAMES_MS)]);
  const told = await pointerNames(net.dns, resolver, asked.slice(0, MAX_NAMES), soon);
  return [...told].flatMap(([address, [name]]) => (name === undefined ? [] : [[address, name] as const]));
}
