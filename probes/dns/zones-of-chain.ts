// Owns which zones own the links of the alias chain: each found, asked and walked to from the root. Judges nothing.
import { type Problem, problemCatalogue } from '../../src/model/problem.ts';
import type { DnsName } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import type { Context } from './ask.ts';
import { askPolicy } from './ask-policy.ts';
import { type AskedZone, askLocated, askZone, withParentsOwn } from './ask-zone.ts';
import type { AliasWalkEvidence, DnsEvidence, ZoneEvidence } from './evidence.ts';
import type { SafetyEvidence } from './evidence-safety.ts';
import { type FoundZone, findZone } from './find-zone.ts';
import { lookAtServers } from './safety/look.ts';
import { openTree, type Reached, type Tree, type Walked, walkTo } from './walk.ts';
import { locatedIn, openWalk } from './walk-bounds.ts';

/** Links of an alias chain whose zones are looked for, the canonical name not counted. */
const MAX_ALIAS_ZONES = 3;

export interface Zones {
  /** From the root to that of the canonical name, which is the last. */
  readonly delegation: readonly ZoneEvidence[];
  /** That one; null when nobody could tell it. */
  readonly canonical: AskedZone | null;
  /** Those of the aliases before it. */
  readonly aliases: readonly ZoneEvidence[];
  readonly walks: Pick<DnsEvidence, 'walk' | 'aliasWalks'>;
  readonly policies: Pick<DnsEvidence, 'policy' | 'aliasPolicy'>;
  readonly safety: SafetyEvidence;
  readonly problem: Problem | null;
}

/** A zone that a resolver told, and the first name of the chain that it owns. */
interface Told {
  readonly found: Extract<FoundZone, { problem: null }>;
  readonly entry: DnsName;
}

/** The zones as they stand once all are asked and walked to; what is sampled of them comes later. */
export type SeenZones = Pick<Zones, 'delegation' | 'aliases' | 'walks'>;

export interface ZonesUnderway {
  readonly seen: Promise<SeenZones>;
  readonly whole: Promise<Zones>;
}

export function openZones(context: Context, lookup: Lookup): ZonesUnderway {
  const { promise: seen, resolve, reject } = Promise.withResolvers<SeenZones>();
  const whole = zonesOf(context, lookup, resolve);
  whole.then(resolve, reject);
  return { seen, whole };
}

/** Each zone once, with the first name that it owns. */
async function zonesOf(context: Context, lookup: Lookup, tell: (seen: SeenZones) => void): Promise<Zones> {
  const { canonicalName, problem: trouble } = lookup;
  if (trouble !== null && problemCatalogue[trouble.code].fault === 'prober') return unseen(trouble);
  const blind = trouble !== null && nobodyToAsk(trouble);
  const names = blind ? [] : lookup.aliases.slice(0, MAX_ALIAS_ZONES).map((alias) => alias.name);
  // A name in a ring of aliases is one, too.
  const isAlias = trouble?.code === 'dns-alias-loop';
  const finding: Promise<FoundZone> = blind
    ? Promise.resolve({ zone: null, problem: trouble })
    : findZone(context, canonicalName, isAlias);
  // The walk goes down while the zones at its end are asked: neither waits for the other.
  const tree = openTree(openWalk(context));
  const walking = walkTo(tree, canonicalName, finding);
  const [last, ...before] = await Promise.all([finding, ...names.map((name) => findZone(context, name, true))]);
  const told = toldOf([...before, last], [...names, canonicalName]);
  const asking = told.map(async ({ found: { zone, ns }, entry }) => ({
    entry,
    ...(await askZone(context, { zone, entry, thorough: zone === last.zone }, ns)),
  }));
  const sampling = Promise.all(asking).then((asked) => policiesOf(context, parted(asked, last)));
  const checking = Promise.all(asking).then((asked) => lookAtServers(context, lookup, zonesIn(parted(asked, last))));
  const joining = Promise.all([walking, Promise.all(asking)]).then(async ([walked, asked]) => {
    const { canonical, aliases } = parted(asked, last);
    const leaf = leafOf(context, canonicalName, walked, canonical);
    const { zones, walks } = await walkedAliases(tree, walked, aliases);
    const own = await leaf;
    const seen: SeenZones = {
      delegation: own === null ? [] : [...(walked?.above ?? []), own.evidence],
      aliases: zones,
      walks: { ...(walked && { walk: walked.walk }), ...(walks && { aliasWalks: [...walks] }) },
    };
    tell(seen);
    return { ...seen, canonical: own };
  });
  const [policies, safety, seen] = await Promise.all([sampling, checking, joining]);
  return { ...seen, policies, safety, problem: seen.canonical === null ? last.problem : null };
}

function unseen(problem: Problem): Zones {
  return { delegation: [], canonical: null, aliases: [], walks: {}, policies: {}, safety: {}, problem };
}

/** True when no resolver can be asked any further about the name, so that asking again only costs time. */
export function nobodyToAsk({ code }: Problem): boolean {
  return code === 'dns-timeout' || code === 'dns-unreachable' || problemCatalogue[code].fault === 'prober';
}

function toldOf(found: readonly FoundZone[], names: readonly DnsName[]): readonly Told[] {
  const told = found.flatMap((one, index): readonly Told[] => {
    const entry = names[index];
    return one.zone === null || entry === undefined ? [] : [{ found: one, entry }];
  });
  return told.filter(({ found: { zone } }, index) => told.findIndex((other) => other.found.zone === zone) === index);
}

interface Asked extends AskedZone {
  readonly entry: DnsName;
}

interface Parted {
  readonly canonical: Asked | null;
  readonly aliases: readonly Asked[];
}

function parted(asked: readonly Asked[], { zone }: FoundZone): Parted {
  const canonical = asked.find((one) => one.evidence.zone === zone) ?? null;
  return { canonical, aliases: asked.filter((one) => one !== canonical) };
}

function zonesIn({ canonical, aliases }: Parted) {
  return { canonical: canonical?.evidence ?? null, aliases: aliases.map(({ evidence }) => evidence) };
}

/** The first alias is what the owner of the name set up; the canonical name may be another's. */
async function policiesOf(context: Context, { canonical, aliases: [alias] }: Parted): Promise<Zones['policies']> {
  const asking = [canonical, alias].map(async (zone) => (zone ? await askPolicy(context, zone.evidence) : null));
  const [policy, aliasPolicy] = await Promise.all(asking);
  return { ...(policy && { policy }), ...(aliasPolicy && { aliasPolicy }) };
}

/** The zone of the canonical name, as the resolver or else the walk found it, with what the one above says. */
async function leafOf(
  context: Context,
  entry: DnsName,
  walked: Walked | null,
  told: AskedZone | null,
): Promise<AskedZone | null> {
  const reached = walked?.reached ?? null;
  const asked = told ?? (reached === null ? null : await askReached(context, entry, reached));
  if (asked === null || walked === null) return asked;
  return { ...asked, evidence: await joined(context, asked.evidence, walked, true) };
}

/** Servers that were silent or lame when they were asked for the way are not asked again. */
async function askReached(context: Context, entry: DnsName, { upper, record }: Reached): Promise<AskedZone> {
  if (record !== null) return { evidence: record, soa: null };
  const untold = upper.servers.filter(({ addresses, error }) => addresses.length === 0 && error === null);
  const located = await locatedIn(
    openWalk(context),
    untold.map(({ name }) => name),
  );
  const servers = upper.servers.map((one) => located[untold.indexOf(one)] ?? one);
  return askLocated(context, { zone: upper.zone, entry, thorough: true }, servers);
}

async function joined(
  context: Context,
  zone: ZoneEvidence,
  { leafParent, servedAbove }: Walked,
  thorough: boolean,
): Promise<ZoneEvidence> {
  if (leafParent === null) return servedAbove ? { ...zone, servedAbove } : zone;
  const whole = await withParentsOwn(context, { zone: zone.zone, entry: zone.entry, thorough }, zone, leafParent);
  return { ...whole, parent: leafParent };
}

interface WalkedAliases {
  readonly zones: readonly ZoneEvidence[];
  /** Null where the walk to the canonical name did not leave the root. */
  readonly walks: readonly AliasWalkEvidence[] | null;
}

/** One after the other, so that a zone which several lead through is asked once. */
async function walkedAliases(tree: Tree, main: Walked | null, aliases: readonly Asked[]): Promise<WalkedAliases> {
  const zones: ZoneEvidence[] = [];
  const walks: AliasWalkEvidence[] = [];
  const walkable = main !== null && main.walk.state !== 'failed' && aliases.length > 0;
  const shown = new Set<DnsName>(
    [...(main?.above ?? []), ...(main?.walk.at ? [{ zone: main.walk.at }] : [])].map(({ zone }) => zone),
  );
  for (const { evidence, entry } of aliases) {
    const found = { zone: evidence.zone, ns: null, problem: null };
    const walked = walkable ? await walkTo(tree, entry, Promise.resolve(found)) : null;
    zones.push(walked === null ? evidence : await joined(tree.walk.context, evidence, walked, false));
    if (walked === null) continue;
    const above = walked.above.filter(({ zone }) => !shown.has(zone));
    for (const { zone } of above) shown.add(zone);
    walks.push({ ...walked.walk, zone: evidence.zone, above: [...above] });
  }
  return { zones, walks: walkable ? walks : null };
}
