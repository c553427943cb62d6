// Owns the looking at what others could make of the name, beside all else that is asked. Judges nothing.
import type { DnsName } from '../../../src/model/text.ts';
import type { Lookup } from '../../../src/model/trace.ts';
import type { Context } from '../ask.ts';
import type { ZoneEvidence } from '../evidence.ts';
import type { SafetyEvidence } from '../evidence-safety.ts';
import { lookAtMailExchanges, lookBesideAliases } from './aliases.ts';
import { lookAtChallenge, lookForTlsa } from './certificate-names.ts';
import { askForMadeUp } from './made-up.ts';
import { lookForOwner } from './missing.ts';
import { beginTransfers, lookForRecursion } from './name-servers.ts';

/** What the resolver tells: of the target where the chain ends in nothing, else of the names beside the name. */
export async function lookAtNames(context: Context, lookup: Lookup): Promise<SafetyEvidence> {
  const { problem, aliases, canonicalName } = lookup;
  if (problem?.code === 'nxdomain' && aliases.length > 0)
    return { missing: await lookForOwner(context, canonicalName) };
  if (problem !== null) return {};
  const { target } = context;
  const name = target.host as DnsName;
  const [mailExchanges, challenge, tlsa] = await Promise.all([
    lookAtMailExchanges(context, name),
    lookAtChallenge(context, name),
    target.scheme === 'https' ? lookForTlsa(context, target.port, [name, canonicalName]) : null,
  ]);
  return { mailExchanges, ...(challenge && { challenge }), ...(tlsa && { tlsa }) };
}

/** The zone of the canonical name, where a resolver told it, and those of the aliases before it. */
export interface ChainZones {
  readonly canonical: ZoneEvidence | null;
  readonly aliases: readonly ZoneEvidence[];
}

/** What the servers of its zones do. */
export async function lookAtServers(
  context: Context,
  lookup: Lookup,
  { canonical, aliases }: ChainZones,
): Promise<SafetyEvidence> {
  const name = context.target.host as DnsName;
  const zones = [...(canonical === null ? [] : [canonical]), ...aliases];
  const own = zones.find(({ entry }) => entry === name);
  const [recursion, transfers, madeUp, aliasOwners] = await Promise.all([
    canonical === null ? null : lookForRecursion(context, canonical),
    context.options.axfr ? (canonical === null ? [] : beginTransfers(context, canonical)) : null,
    own === undefined ? null : askForMadeUp(context, own, name),
    lookBesideAliases(context, lookup, zones),
  ]);
  return {
    ...(recursion && { recursion: [...recursion] }),
    ...(transfers && { transfers }),
    ...(madeUp && { madeUp }),
    aliasOwners,
  };
}
