// Owns riding the dependencies that a person declared: a few requests to each, at the same time, none of the caller's headers. Judges nothing.
import type { CallRecord } from '../../src/contract/call.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { paused } from '../../src/model/paused.ts';
import { parseTarget, type Target } from '../../src/model/target.ts';
import { quantile } from '../../src/stats/quantile.ts';
import type { Dependency } from './evidence.ts';
import type { AccessOptions, Declared } from './options.ts';

export const MOST_DEPENDENCIES = 16;
export const SAMPLES = 3;
const BODY_BYTES = 16_384;
/** Between two requests to one of them. */
const PAUSE_MS = 100;

interface Node {
  readonly name: string;
  readonly target: Target;
  readonly parent: number | null;
  readonly depth: number;
  readonly isCycle: boolean;
}

/** In the order of the tree: each after its parent. */
export async function dependenciesOf(context: GatherContext<AccessOptions>): Promise<Dependency[] | null> {
  const { options, net, target } = context;
  if (options.dependsOn.length === 0 || net.call === undefined) return null;
  const nodes: Node[] = [];
  collect(options.dependsOn, null, [target.url], nodes);
  return Promise.all(nodes.map((node) => rideOne(node, context)));
}

function collect(declared: readonly Declared[], parent: number | null, above: readonly string[], nodes: Node[]): void {
  for (const each of declared) {
    if (nodes.length >= MOST_DEPENDENCIES) return;
    const { name, target: input, dependsOn = [] } = typeof each === 'string' ? { target: each } : each;
    const target = parseTarget(input);
    const isCycle = above.includes(target.url);
    nodes.push({ name: name ?? `${target.host}:${target.port}`, target, parent, depth: above.length, isCycle });
    // Whoever stands above itself is ridden once, and goes no deeper.
    if (!isCycle) collect(dependsOn, nodes.length - 1, [...above, target.url], nodes);
  }
}

async function rideOne(node: Node, context: GatherContext<AccessOptions>): Promise<Dependency> {
  const { name, target, parent, depth, isCycle } = node;
  const records: CallRecord[] = [];
  const wanted = isCycle ? 0 : SAMPLES;
  for (let turn = 0; turn < wanted && !context.signal.aborted; turn++) {
    if (turn > 0) await rest(context);
    const record = await askOne(target, context);
    if (record !== null) records.push(record);
  }
  const totals = records.flatMap(({ spans }) => spans.total?.durationMs ?? []).toSorted((a, b) => a - b);
  const statuses = Map.groupBy(
    records.flatMap(({ http }) => http?.status ?? []),
    String,
  );
  const answered = records.filter(({ http }) => http !== null).length;
  return {
    ...{ name, url: withoutQuery(target), parent, depth, cycle: isCycle, asked: records.length, answered },
    statuses: Object.fromEntries([...statuses].map(([status, group]) => [status, group.length])),
    problem: records.flatMap(({ problem }) => problem?.code ?? [])[0] ?? null,
    totalP50Ms: totals.length === 0 ? null : Math.round(quantile(totals, 0.5) * 10) / 10,
    state: isCycle ? 'cycle' : stateOf(records),
  };
}

/** A query may hold a key. */
function withoutQuery({ url }: Target): string {
  return url.split('?')[0] ?? url;
}

async function rest({ signal }: GatherContext<AccessOptions>): Promise<void> {
  await paused(PAUSE_MS, signal);
}

async function askOne({ url }: Target, { net, signal }: GatherContext<AccessOptions>): Promise<CallRecord | null> {
  if (net.call === undefined) return null;
  return net.call({ method: 'GET', url, headers: [], body: null, maxBodyBytes: BODY_BYTES, reach: 'any' }, signal);
}

/** Up: it answers, whatever it thinks of a stranger without credentials. */
function stateOf(records: readonly CallRecord[]): Dependency['state'] {
  const judged = records.filter(({ problem }) => problem?.fault !== 'prober');
  const failed = judged.filter(({ http }) => http === null || http.status >= 500).length;
  if (judged.length === 0) return 'unknown';
  if (failed === 0) return 'up';
  return failed === judged.length ? 'down' : 'degraded';
}
