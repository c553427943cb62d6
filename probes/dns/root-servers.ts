// Owns where a walk begins: the root's servers as hints or the resolver name them. Never believes that they answer.
import { type Problem, problem } from '../../src/model/problem.ts';
import { compareText, distinct, ROOT } from '../../src/model/text.ts';
import { readRootHints } from '../../src/net/dns/root-hints.ts';
import { ofType } from './ask.ts';
import type { Upper } from './ask-upper.ts';
import { locatedBy, whyNone } from './locate.ts';
import { glueOf } from './referral.ts';
import { askResolversBriefly, locatedIn, type Walk } from './walk-bounds.ts';

export interface RootServers {
  /** Without servers when nobody named one that has an address. */
  readonly upper: Upper;
  readonly problem: Problem | null;
}

/** Of those that come without addresses the first are looked up that the resolver gives; most rotate them. */
export async function rootServers(walk: Walk): Promise<RootServers> {
  const none: Upper = { zone: ROOT, servers: [] };
  const { rootHints } = walk.context.options;
  if (rootHints !== null) {
    const hints = readRootHints(rootHints);
    const servers = distinct(hints.map(({ name }) => name)).map((name) => locatedBy(hints, name));
    return { upper: { zone: ROOT, servers }, problem: null };
  }
  if (!walk.take(1)) return { upper: none, problem: problem('cancelled', 'gather') };
  const told = await askResolversBriefly(walk.context, ROOT, 'NS');
  if (told.problem !== null) return { upper: none, problem: told.problem };
  const names = ofType(told.reply.answers, 'NS').map((record) => record.target);
  const given = glueOf(told.reply, names);
  const located = given.length > 0 ? names.map((name) => locatedBy(given, name)) : await locatedIn(walk, names);
  const servers = located.toSorted((a, b) => compareText(a.name, b.name));
  const reachable = servers.some(({ addresses }) => addresses.length > 0);
  return { upper: reachable ? { zone: ROOT, servers } : none, problem: reachable ? null : whyNone(servers) };
}
