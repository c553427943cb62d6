// Owns the walks from the root to the zones of a name's chain: the referral at each cut as the zone above tells it, each zone asked once.
// Never fails the probe: how far a walk came, and why no further, is its result.
import type { Problem } from '../../src/model/problem.ts';
import { type DnsName, dnsName, type IpAddress, interpret, ROOT } from '../../src/model/text.ts';
import { ofType } from './ask.ts';
import { askUpper, type Heard, type Level, placesOf, type Upper, type Way } from './ask-upper.ts';
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
  const ended = (because: WalkEnd | null, trouble: Problem | null = null): Descent => ({
    ...{ passed, upper, parent, servedAbove: null, end: { because, problem: trouble } },
  });
  while (upper.zone !== leaf) {
    const known = cuts.get(upper.zone);
    const level = await askUpper(walk, upper, name, known === undefined ? null : await answeredIn(known));
    const cut = known ?? { upper, level, parent };
    cuts.set(upper.zone, cut);
    passed.push(cut);
    if (level.way === null) return ended(...lostAt(walk, level));
    const to = await referringTo(level, leaf ?? name);
    if (to === null) return arrivedAt(walk, level.way, leaf, ended);
    if (passed.length >= MAX_DEPTH) return ended('too-deep');
    parent = parentFrom(walk, upper.zone, to, level.heard);
    upper = to.direction.zone === leaf ? { zone: leaf, servers: [] } : await placed(walk, to.direction);
    if (upper.zone !== leaf && placesOf(upper).length === 0) return ended('no-addresses', whyNone(upper.servers));
  }
  return ended(null);
}

/** Where a server has the name's own zone and none refers any further. */
async function arrivedAt(
  walk: Walk,
  way: Way,
  leaf: DnsName | null,
  ended: (because: WalkEnd | null) => Descent,
): Promise<Descent> {
  const { zone, kind } = way.direction;
  if (kind === 'referral' || (leaf !== null && zone !== leaf)) return ended('other-zone');
  const { passed, ...rest } = ended(null);
  if (zone === rest.upper.zone) return { ...rest, passed: passed.slice(0, -1) };
  const upper = leaf === null ? await servedBy(walk, zone, way) : { zone, servers: [] };
  return { ...rest, passed, upper, parent: null, servedAbove: way };
}

type Referring = Heard & { readonly direction: Referral };

/** The zone nearest to the name that was asked for the way before, or the leaf itself. */
function deepest({ cuts }: Tree, name: DnsName, leaf: DnsName | null): Cut | undefined {
  const above = [...cuts.values()].filter(({ upper: { zone } }) => encloses(zone, leaf ?? name));
  return above.toSorted((a, b) => b.upper.zone.length - a.upper.zone.length)[0];
}

async function answeredIn({ level }: Cut): Promise<ReadonlySet<IpAddress>> {
  const heard = await level.heard;
  return new Set(heard.filter(({ told }) => told.problem === null).map(({ server }) => server.address));
}

function lostAt(walk: Walk, { astray, problem }: Level): readonly [WalkEnd, Problem | null] {
  if (walk.signal.aborted) return ['stopped', null];
  return walk.spent().exhausted ? ['too-many-queries', null] : [astray ?? 'no-answer', problem];
}

/** A server that serves both sides of a cut shows no referral, nor does one that was not told of it; another of the same zone may. */
async function referringTo({ way, heard }: Level, below: DnsName): Promise<Referring | null> {
  const refers = (one: Way | Heard): one is Referring =>
    one.direction.kind === 'referral' && encloses(one.direction.zone, below);
  return way !== null && refers(way) ? way : ((await heard).find(refers) ?? null);
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
