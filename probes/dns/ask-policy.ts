// Owns asking a zone's own servers the same question many times: plainly, then on behalf of client networks (RFC 7871).
// Never asks a cache, never faster than its pace, and a server that fails once is asked no more.
import type { DnsReply } from '../../src/contract/net.ts';
import { paused } from '../../src/model/paused.ts';
import { type DnsName, dnsName, type IpAddress, interpret, textKey, type WireText } from '../../src/model/text.ts';
import { ask, type Context } from './ask.ts';
import type { NodeEvidence, PolicyEvidence, ServerEvidence, ZoneEvidence } from './evidence.ts';
import { inferPolicy, type PolicySample, type SubnetView } from './policy-kind.ts';

/** Between two questions to one server, ms. */
const PACE_MS = 50;
/** A server that takes longer is left out where others answer sooner: question after question, it would hold up the journey. */
const SLOW_MS = 1_000;
/** What the questions may take together, ms: so long each, and so long on top. */
const EACH_MS = 300;
const ON_TOP_MS = 5_000;
/** Different sets that are written down, and members of each. */
const MAX_SETS = 32;
const MAX_MEMBERS = 64;
/** Nodes that are written down. */
const MAX_NODES = 32;

/**
 * Networks on five continents whose place is known because a registry or university has had them for decades (RDAP of the five
 * registries): RIPE NCC (Amsterdam), ARIN (Virginia), UC Berkeley, WIDE (Tokyo), APNIC (Brisbane), LACNIC (Montevideo), AFRINIC.
 */
const CLIENT_NETWORKS = [
  '193.0.6.0/24',
  '199.212.0.0/24',
  '128.32.0.0/24',
  '203.178.128.0/24',
  '203.119.101.0/24',
  '200.3.14.0/24',
  '196.216.2.0/24',
];
/** Asked first: when neither answer depends on the client's network, the others are not asked. */
const FIRST_NETWORKS = 2;

/** A sample, and what the node that gave it calls itself (RFC 5001). */
interface NodeSample extends PolicySample {
  readonly node: WireText | null;
  readonly elapsedMs: number;
}

interface Asking {
  readonly context: Context;
  readonly name: DnsName;
  readonly type: 'A' | 'AAAA';
}

/** Null when there is nobody to ask, or nothing wanted. */
export async function askPolicy(journey: Context, zone: ZoneEvidence): Promise<PolicyEvidence | null> {
  const servers = quickOf(
    zone.nameservers
      .flatMap(({ byAddress }) => byAddress)
      .filter(({ error, rcode, answers }) => error === null && rcode === 'NOERROR' && answers.length > 0),
  );
  const queries = journey.options.policyQueries;
  if (servers.length === 0 || queries === 0) return null;
  const inTime = AbortSignal.timeout(queries * EACH_MS + ON_TOP_MS);
  const context: Context = { ...journey, signal: AbortSignal.any([journey.signal, inTime]) };
  const type = servers.some(({ answers }) => answers.some((one) => one.type === 'A')) ? 'A' : 'AAAA';
  const asking: Asking = { context, name: zone.entry, type };
  const samples = await plainly(
    asking,
    servers.map(({ address }) => address),
    queries,
  );
  // The one that answered last has not failed since.
  const last = samples.at(-1);
  const views = last === undefined ? [] : await forNetworks(asking, last.server as IpAddress);
  const { kind, confidence, sets, orders, pool, signals } = inferPolicy(samples, views);
  return {
    zone: zone.zone,
    name: zone.entry,
    type,
    kind,
    confidence,
    queries: samples.length,
    sets: sets.slice(0, MAX_SETS).map(({ members, n }) => ({ addresses: [...members] as DnsName[], n })),
    setsSeen: sets.length,
    orders,
    pool,
    ecs: views.map(({ prefix, scope, members }) => ({ prefix, scope, addresses: [...members] as DnsName[] })),
    signals: [...signals],
    ...nodesOf(samples),
    quickest: quickestOf(samples),
  };
}

function quickestOf(samples: readonly NodeSample[]): NonNullable<PolicyEvidence['quickest']> {
  const byServer = Map.groupBy(samples, ({ server }) => server);
  return [...byServer].map(([server, same]) => ({
    address: server as IpAddress,
    rttMs: Math.min(...same.map(({ elapsedMs }) => elapsedMs)),
  }));
}

function quickOf(servers: readonly ServerEvidence[]): readonly ServerEvidence[] {
  const quick = servers.filter(({ rttMs }) => rttMs !== null && rttMs <= SLOW_MS);
  return quick.length === 0 ? servers : quick;
}

/** Only where one address showed two names: several nodes answer there (anycast), and may hold different zones. */
function nodesOf(samples: readonly NodeSample[]): Pick<PolicyEvidence, 'nodes'> {
  const nodes = [...Map.groupBy(samples, ({ server }) => server).values()].flatMap((same) => {
    const named = same.flatMap(({ node, server, members }) => (node === null ? [] : [{ server, members, node }]));
    const byNode = [...Map.groupBy(named, ({ node }) => textKey(node)).values()];
    return byNode.length < 2 ? [] : byNode.map((answers) => nodeOf(answers));
  });
  return nodes.length === 0 ? {} : { nodes: nodes.slice(0, MAX_NODES) };
}

function nodeOf(answers: readonly (PolicySample & { readonly node: WireText })[]): NodeEvidence {
  const [{ server, node }] = answers as readonly [(typeof answers)[number]];
  const sets = [...Map.groupBy(answers, ({ members }) => members.toSorted().join(' ')).values()];
  return {
    address: server as IpAddress,
    nsid: node,
    sets: sets
      .slice(0, MAX_SETS)
      .map((same) => ({ addresses: (same[0]?.members ?? []).toSorted() as DnsName[], n: same.length })),
  };
}

/** Each server in turns of its own, side by side; in the order of the answers. */
async function plainly(asking: Asking, servers: readonly IpAddress[], queries: number): Promise<readonly NodeSample[]> {
  const samples: NodeSample[] = [];
  await Promise.all(
    servers.map(async (server, at) => {
      const turns = Math.floor(queries / servers.length) + (at < queries % servers.length ? 1 : 0);
      for (let turn = 0; turn < turns; turn++) {
        const reply = await paced(asking, server, turn > 0, null);
        if (reply === null) return;
        samples.push({ server, members: membersOf(reply, asking.type), node: reply.nsid, elapsedMs: reply.elapsedMs });
      }
    }),
  );
  return samples;
}

/** Twice for each network; the others only when one of the first shows that it makes a difference to the server. */
async function forNetworks(asking: Asking, server: IpAddress): Promise<readonly SubnetView[]> {
  const views: SubnetView[] = [];
  const look = async (prefix: string): Promise<boolean> => {
    const reply = await paced(asking, server, true, prefix);
    if (reply?.clientSubnet?.subnet !== prefix) return false;
    views.push({ prefix, scope: reply.clientSubnet.scopePrefix, members: membersOf(reply, asking.type) });
    return true;
  };
  for (const prefix of CLIENT_NETWORKS.slice(0, FIRST_NETWORKS)) if (!(await look(prefix))) return views;
  if (views.every(({ scope }) => scope === 0)) return views;
  const rest = [...CLIENT_NETWORKS.slice(FIRST_NETWORKS), ...CLIENT_NETWORKS];
  for (const prefix of rest) if (!(await look(prefix))) return views;
  return views;
}

/** Null when the server failed or the time is over. */
async function paced(
  { context, name, type }: Asking,
  address: IpAddress,
  wait: boolean,
  clientSubnet: string | null,
): Promise<DnsReply | null> {
  if (wait) await paused(PACE_MS, context.signal);
  if (context.signal.aborted) return null;
  const question = {
    name,
    type,
    recursionDesired: false,
    nsid: true as const,
    ...(clientSubnet !== null && { clientSubnet }),
  };
  const told = await ask(context, { address, port: context.options.authorityPort }, question);
  return told.reply;
}

/** The addresses in the order of the answer; where an alias leaves the zone, its last target. */
function membersOf(reply: DnsReply, type: 'A' | 'AAAA'): readonly (IpAddress | DnsName)[] {
  const found = reply.answers.flatMap((record) => (record.type === type ? [record.address] : []));
  if (found.length > 0) return found.slice(0, MAX_MEMBERS);
  const target = reply.answers.flatMap((record) => (record.type === 'CNAME' ? [record.target] : [])).at(-1);
  const name = target === undefined ? null : interpret(target, dnsName);
  return name === null ? [] : [name];
}
