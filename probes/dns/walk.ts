// Owns the walk from the root to the zone of a name: the referral at each cut as the zone above tells it.
// Never fails the probe: how far it came, and why no further, is its result.
import { type Problem, problem } from '../../src/model/problem.ts';
import { compareText, type DnsName, dnsName, interpret, ROOT, sameText, type WireText } from '../../src/model/text.ts';
import { readRootHints } from '../../src/net/dns/root-hints.ts';
import { askResolvers, ofType } from './ask.ts';
import { askUpper, type Heard, type Level, type Located, type Upper } from './ask-upper.ts';
import type { ParentEvidence, WalkEnd, WalkEvidence, ZoneEvidence } from './evidence.ts';
import type { FoundZone } from './find-zone.ts';
import { encloses, glueOf, type Referral } from './referral.ts';
import { MAX_DEPTH, type Walk } from './walk-bounds.ts';

/** Name servers looked up when a list comes without addresses. */
const MAX_LOOKED_UP = 3;
/** A and AAAA. */
const QUESTIONS_A_LOOKUP = 2;

export interface Walked {
  /** From the root down, without the leaf. */
  readonly above: readonly ZoneEvidence[];
  /** What the zone above says of the leaf. */
  readonly leafParent: ParentEvidence | null;
  readonly walk: WalkEvidence;
}

/** How a walk ended: null because when it reached the leaf. */
interface End {
  readonly because: WalkEnd | null;
  readonly problem: Problem | null;
}

interface Cut {
  readonly upper: Upper;
  readonly level: Level;
  /** What the zone above said of this one. */
  readonly parent: Promise<ParentEvidence> | null;
}

/** Null when the leaf was not found, so that there is no way to it. */
export async function walkTo(walk: Walk, name: DnsName, finding: Promise<FoundZone>): Promise<Walked | null> {
  const { net } = walk.context;
  const startMs = net.now();
  const [roots, { zone: leaf }] = await Promise.all([rootServers(walk), finding]);
  if (leaf === null) return null;
  const cuts: Cut[] = [];
  let upper = roots.upper;
  let parent: Cut['parent'] = null;
  let end: End | null = upper.located.length === 0 ? { because: 'no-root-servers', problem: roots.problem } : null;
  while (end === null && upper.zone !== leaf) {
    const level = await askUpper(walk, upper, name, cuts.length === 0);
    cuts.push({ upper, level, parent });
    const referral = level.way?.direction.kind === 'referral' ? level.way.direction : null;
    end = endAt(walk, level, leaf, cuts.length);
    if (end !== null || referral === null || level.way === null) break;
    parent = parentFrom(walk, upper.zone, level.way, referral);
    upper = referral.zone === leaf ? { zone: leaf, names: [], located: [] } : await placed(walk, referral);
  }
  const zones = await Promise.all(cuts.map(cutRecord));
  const leafParent = upper.zone === leaf && parent !== null ? await parent : null;
  const { because = null, problem: trouble = null } = end ?? {};
  const reached = zones.length > 1 || leafParent !== null || because === null;
  return {
    above: zones.filter(({ zone }) => zone !== leaf && encloses(zone, leaf)),
    leafParent,
    walk: {
      state: because === null ? 'complete' : reached ? 'unfinished' : 'failed',
      at: because === null ? leaf : upper.zone,
      ...{ because, problem: trouble, queries: walk.spent().questions, durationMs: net.now() - startMs },
    },
  };
}

/** Null when the walk goes on, or has come to the leaf's own door. */
function endAt(walk: Walk, level: Level, leaf: DnsName, depth: number): End | null {
  const direction = level.way?.direction ?? null;
  if (direction === null) {
    if (walk.signal.aborted) return { because: 'stopped', problem: null };
    if (walk.spent().exhausted) return { because: 'too-many-queries', problem: null };
    return { because: level.astray ?? 'no-answer', problem: level.problem };
  }
  const there = { because: direction.zone === leaf ? null : ('other-zone' as const), problem: null };
  if (direction.kind === 'end') return there;
  if (!encloses(direction.zone, leaf)) return there;
  return depth >= MAX_DEPTH ? { because: 'too-deep', problem: null } : null;
}

async function cutRecord({ upper, level, parent }: Cut): Promise<ZoneEvidence> {
  const evidence = { ...(await level.evidence), zone: upper.zone };
  return parent === null ? evidence : { ...evidence, parent: await parent };
}

/** The referral with the DS set, which the same server is asked for beside the rest of the walk (RFC 4034 5). */
async function parentFrom(walk: Walk, zone: DnsName, { server }: Heard, referral: Referral): Promise<ParentEvidence> {
  const told = await walk.ask(server.address, { name: referral.zone, type: 'DS', recursionDesired: false });
  const answers = told.reply?.authoritative === true ? told.reply.answers : null;
  return {
    zone,
    server: { name: server.name, address: server.address },
    nameservers: [...referral.names],
    ttlSeconds: referral.ttlSeconds,
    glue: referral.glue.map((one) => ({ ...one })),
    dsCount: answers?.filter((record) => record.type === 'other' && record.typeName === 'DS').length ?? null,
  };
}

/** The servers of the zone that a referral leads to; the resolver is asked for addresses where it brought none. */
async function placed(walk: Walk, { zone, names, glue }: Referral): Promise<Upper> {
  return { zone, names, located: glue.length > 0 ? glue : (await lookedUp(walk, names)).located };
}

interface LookedUp {
  readonly located: readonly Located[];
  /** Of the first name that has no address. */
  readonly problem: Problem | null;
}

async function lookedUp(walk: Walk, names: readonly WireText[]): Promise<LookedUp> {
  const { net } = walk.context;
  const found = await Promise.all(
    names.slice(0, MAX_LOOKED_UP).map(async (name): Promise<LookedUp> => {
      const host = interpret(name, dnsName);
      if (host === null) return { located: [], problem: problem('dns-malformed', 'gather') };
      if (!walk.take(QUESTIONS_A_LOOKUP)) return { located: [], problem: null };
      const { addresses, problem: trouble } = await net.dns.lookup(host, walk.signal);
      return { located: addresses.map(({ address }) => ({ name, address })), problem: trouble };
    }),
  );
  return {
    located: found.flatMap(({ located }) => located),
    problem: found.find((one) => one.problem !== null)?.problem ?? null,
  };
}

/** The root's servers as the hints or the resolver name them; those looked up are the first that it gives (most rotate them). */
async function rootServers(walk: Walk): Promise<{ readonly upper: Upper; readonly problem: Problem | null }> {
  const none = { zone: ROOT, names: [], located: [] };
  const { rootHints } = walk.context.options;
  if (rootHints !== null) {
    const located = readRootHints(rootHints);
    return { upper: { zone: ROOT, names: namesOf(located), located }, problem: null };
  }
  if (!walk.take(1)) return { upper: none, problem: null };
  const told = await askResolvers(walk.context, ROOT, 'NS');
  if (told.problem !== null) return { upper: none, problem: told.problem };
  const names = ofType(told.reply.answers, 'NS').map((record) => record.target);
  const given = glueOf(told.reply, names);
  const { located, problem: trouble } =
    given.length > 0 ? { located: given, problem: null } : await lookedUp(walk, names);
  return { upper: { zone: ROOT, names: names.toSorted(compareText), located }, problem: trouble };
}

function namesOf(located: readonly Located[]): readonly WireText[] {
  const names = located.map(({ name }) => name).toSorted(compareText);
  return names.filter((name, index) => names.findIndex((other) => sameText(name, other)) === index);
}
