// Owns the walks from the root to the zones of a name's chain: the referral at each cut as the zone above tells it, each zone asked once.
// Never fails the probe: how far a walk came, and why no further, is its result.
import type { Problem } from '../../src/model/problem.ts';
import { type DnsName, dnsName, type IpAddress, interpret, ROOT } from '../../src/model/text.ts';
import { ofType } from './ask.ts';
import { askUpper, type Level, placesOf, type Upper, type Way } from './ask-upper.ts';
import type { DependencyEvidence, ParentEvidence, WalkEnd, WalkEvidence, ZoneEvidence } from './evidence.ts';
import type { FoundZone } from './find-zone.ts';
import { locatedBy, whyNone } from './locate.ts';
import { parentFrom } from './parent.ts';
import { encloses, glueOf, type Referral } from './referral.ts';
import { rootServers } from './root-servers.ts';
import { locatedIn, MAX_DEPTH, type Walk } from './walk-bounds.ts';

/** Hosts whose way is followed where a zone's name servers have no address, and zones told of that way. */
const MAX_HOSTS = 4;

export interface Walked {
  /** From the root down, without the leaf. */
  readonly above: readonly ZoneEvidence[];
  /** What the zone above says of the leaf. */
  readonly leafParent: ParentEvidence | null;
  readonly servedAbove: ZoneEvidence['servedAbove'] | null;
  /** The zone that the walk came to, where the resolver could not tell one. */
  readonly reached: Reached | null;
  readonly walk: WalkEvidence;
}

export interface Reached {
  readonly upper: Upper;
  /** Where none of its servers knows the way: what they said; null when they are still to be asked. */
  readonly record: ZoneEvidence | null;
}

/** The zones that were asked for the way, so that several walks ask each of them once. */
export interface Tree {
  readonly walk: Walk;
  readonly roots: () => ReturnType<typeof rootServers>;
  readonly cuts: Map<DnsName, Cut>;
}

interface Cut {
  readonly upper: Upper;
  readonly level: Level;
  /** What the zone above said of this one. */
  readonly parent: Promise<ParentEvidence> | null;
}

/** How a walk ended: null because when it reached the leaf. */
interface End {
  readonly because: WalkEnd | null;
  readonly problem: Problem | null;
}

/** Where a walk stands. */
interface Descent {
  readonly passed: readonly Cut[];
  readonly upper: Upper;
  readonly parent: Cut['parent'];
  /** Shown the leaf by a server that was asked as one of the zone above. */
  readonly servedAbove: Way | null;
  readonly end: End;
}

export function openTree(walk: Walk): Tree {
  let asking: ReturnType<typeof rootServers> | null = null;
  const roots = (): ReturnType<typeof rootServers> => {
    asking ??= rootServers(walk);
    return asking;
  };
  return { walk, roots, cuts: new Map() };
}

/** To the zone that was found for the name, or, where no resolver could tell it, as far as the referrals go. Null without such a zone. */
export async function walkTo(tree: Tree, name: DnsName, finding: Promise<FoundZone>): Promise<Walked | null> {
  const { walk } = tree;
  const { net } = walk.context;
  const startMs = net.now();
  const before = walk.spent().questions;
  const [roots, found] = await Promise.all([tree.roots(), finding]);
  if (found.problem?.code === 'nxdomain') return null;
  const { passed, upper, parent, servedAbove, end } =
    roots.upper.servers.length === 0 ? unrooted(roots) : await descend(tree, name, found.zone);
  const zones = await Promise.all(passed.map(cutRecord));
  const leaf = found.zone ?? upper.zone;
  const leafParent = upper.zone === leaf && parent !== null ? await parent : null;
  const reached = found.zone === null && upper.zone !== ROOT ? reachedAt(upper, zones) : null;
  const hasNone = end.because === 'no-addresses';
  const came = zones.length > 1 || leafParent !== null || end.because === null;
  return {
    above: zones.filter(({ zone }) => zone !== leaf && encloses(zone, leaf)),
    leafParent,
    servedAbove: servedAbove && { zone: passed.at(-1)?.upper.zone ?? ROOT, server: servedAbove.server },
    reached,
    walk: {
      state: end.because === null ? 'complete' : came ? 'unfinished' : 'failed',
      at: end.because === null ? leaf : upper.zone,
      ...{ because: end.because, problem: end.problem, ...(found.zone === null && { found: 'by-walk' as const }) },
      ...(hasNone && { dependencies: [...(await dependenciesOf(tree, upper))] }),
      ...{ queries: walk.spent().questions - before, durationMs: net.now() - startMs },
    },
  };
}

function unrooted({ upper, problem: trouble }: Awaited<ReturnType<typeof rootServers>>): Descent {
  return { passed: [], upper, parent: null, servedAbove: null, end: { because: 'no-root-servers', problem: trouble } };
}

/** @param leaf null follows the referrals to the zone that says of itself that it owns the name */
async function descend(tree: Tree, name: DnsName, leaf: DnsName | null): Promise<Descent> {
  const { walk, cuts } = tree;
  const start = deepest(tree, name, leaf) ?? { upper: (await tree.roots()).upper, parent: null };
  const passed: Cut[] = [];
  let { upper, parent }: Pick<Cut, 'upper' | 'parent'> = start;
  while (upper.zone !== leaf) {
    const known = cuts.get(upper.zone);
    const level = await askUpper(walk, upper, name, known === undefined ? null : await answeredIn(known));
    const cut = { upper, level, parent };
    passed.push(known ?? cut);
    if (known === undefined) cuts.set(upper.zone, cut);
    const { way } = level;
    const end = endAt(walk, level, leaf, passed.length);
    if (way === null || end?.because === 'other-zone' || (end !== null && end.because !== null)) {
      return { passed, upper, parent, servedAbove: null, end: end ?? { because: 'no-answer', problem: null } };
    }
    if (way.direction.kind === 'end' && way.direction.zone === upper.zone) {
      return { passed: passed.slice(0, -1), upper, parent, servedAbove: null, end: { because: null, problem: null } };
    }
    const to = way.direction.kind === 'referral' ? (way as Referring) : await referringTo(level, way.direction.zone);
    if (to === null) {
      const served = await servedBy(walk, way.direction.zone, way);
      return { passed, upper: served, parent: null, servedAbove: way, end: { because: null, problem: null } };
    }
    parent = parentFrom(walk, upper.zone, to, level.heard);
    upper = to.direction.zone === leaf ? { zone: leaf, servers: [] } : await placed(walk, to.direction);
    if (upper.zone !== leaf && placesOf(upper).length === 0) {
      return {
        passed,
        upper,
        parent,
        servedAbove: null,
        end: { because: 'no-addresses', problem: whyNone(upper.servers) },
      };
    }
  }
  return { passed, upper, parent, servedAbove: null, end: { because: null, problem: null } };
}

type Referring = Way & { readonly direction: Referral };

/** The zone nearest to the name that was asked for the way before, or the leaf itself. */
function deepest({ cuts }: Tree, name: DnsName, leaf: DnsName | null): Cut | undefined {
  const above = [...cuts.values()].filter(({ upper: { zone } }) => encloses(zone, leaf ?? name));
  return above.toSorted((a, b) => b.upper.zone.length - a.upper.zone.length)[0];
}

async function answeredIn({ level }: Cut): Promise<ReadonlySet<IpAddress>> {
  const heard = await level.heard;
  return new Set(heard.filter(({ told }) => told.problem === null).map(({ server }) => server.address));
}

/** Null when the walk goes on, or has come to the leaf's own door. */
function endAt(walk: Walk, level: Level, leaf: DnsName | null, depth: number): End | null {
  const direction = level.way?.direction ?? null;
  if (direction === null) {
    if (walk.signal.aborted) return { because: 'stopped', problem: null };
    if (walk.spent().exhausted) return { because: 'too-many-queries', problem: null };
    return { because: level.astray ?? 'no-answer', problem: level.problem };
  }
  if (direction.kind === 'end') {
    return { because: leaf === null || direction.zone === leaf ? null : 'other-zone', problem: null };
  }
  if (leaf !== null && !encloses(direction.zone, leaf)) return { because: 'other-zone', problem: null };
  return depth >= MAX_DEPTH ? { because: 'too-deep', problem: null } : null;
}

/** A server that serves both sides of a cut shows no referral; another of the same zone may. */
async function referringTo({ heard }: Level, zone: DnsName): Promise<Referring | null> {
  const all = await heard;
  return (all.find(({ direction }) => direction.kind === 'referral' && direction.zone === zone) ??
    null) as Referring | null;
}

/** The servers of a zone as one that serves it and the zone above names them; it alone where it names none. */
async function servedBy(walk: Walk, zone: DnsName, { server }: Way): Promise<Upper> {
  const { reply } = await walk.ask(server.address, { name: zone, type: 'NS', recursionDesired: false });
  const names = reply === null ? [] : ofType(reply.answers, 'NS').map((record) => record.target);
  const glue = reply === null ? [] : glueOf(reply, names);
  const servers = glue.length > 0 ? names.map((name) => locatedBy(glue, name)) : [];
  return { zone, servers: servers.length > 0 ? servers : [{ ...server, addresses: [server.address], error: null }] };
}

async function cutRecord({ upper, level, parent }: Cut): Promise<ZoneEvidence> {
  const evidence = { ...(await level.evidence), zone: upper.zone };
  return parent === null ? evidence : { ...evidence, parent: await parent };
}

/** The servers of the zone that a referral leads to; the resolver is asked for addresses where it brought none. */
async function placed(walk: Walk, { zone, names, glue }: Referral): Promise<Upper> {
  if (glue.length > 0) return { zone, servers: names.map((name) => locatedBy(glue, name)) };
  return { zone, servers: await locatedIn(walk, names) };
}

/** The zone at the end of a walk that no resolver could lead, and what its servers said where they lead no further. */
function reachedAt(upper: Upper, zones: readonly ZoneEvidence[]): Reached {
  return { upper, record: zones.find(({ zone }) => zone === upper.zone) ?? null };
}

/** What the names of a zone's servers depend on, as long as nobody tells an address: that of a zone in a ring leads back to it. */
async function dependenciesOf(tree: Tree, stuck: Upper): Promise<readonly DependencyEvidence[]> {
  const told = [stuck];
  for (let at = 0; at < told.length && told.length < MAX_HOSTS; at++) {
    const hosts = (told[at]?.servers ?? []).filter(({ error }) => error !== 'nxdomain').slice(0, MAX_HOSTS);
    for (const { name } of placesOf(told[at] as Upper).length > 0 ? [] : hosts) {
      const host = interpret(name, dnsName);
      if (host === null || told.some(({ zone }) => encloses(zone, host)) || told.length >= MAX_HOSTS) continue;
      const { upper } = await descend(tree, host, null);
      if (upper.zone !== ROOT) told.push(upper);
    }
  }
  return told.map((upper) => ({
    zone: upper.zone,
    nameservers: upper.servers.map(({ name }) => name),
    addresses: placesOf(upper).length,
  }));
}
