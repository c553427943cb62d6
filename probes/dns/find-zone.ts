// Owns finding the zone that owns a name, by asking resolvers for name servers. Never guesses from labels.
import type { DnsReply } from '../../src/contract/net.ts';
import { type Problem, problem } from '../../src/model/problem.ts';
import { type DnsName, dnsName, interpret, sameText, type WireText } from '../../src/model/text.ts';
import { askResolvers, type Context, ofType } from './ask.ts';
import { encloses } from './referral.ts';

export type FoundZone =
  | {
      readonly zone: DnsName;
      /** What the resolver said of its name servers on the way; null when it was not asked for them. */
      readonly ns: DnsReply | null;
      readonly problem: null;
    }
  | { readonly zone: null; readonly problem: Problem };

/**
 * The NS set comes for the apex of a zone; every other name has none, and its zone's SOA record in the authority section instead
 * (RFC 2308 2). The name above is asked beside, because it is the apex as a rule, and its NS set is wanted next.
 * For an alias its parent is asked, because the alias itself would be followed into another zone; a zone never begins at an alias.
 * A failing resolver ends the search: climbing on would name the parent's zone for one whose servers are all down.
 */
export async function findZone(context: Context, name: DnsName, isAlias: boolean): Promise<FoundZone> {
  const first = isAlias ? parentOf(name) : name;
  const above = first === null ? null : apexAbove(first);
  const ahead = above === null ? null : askResolvers(context, above, 'NS');
  for (let at = first; at !== null; at = parentOf(at)) {
    const told = at === above && ahead !== null ? await ahead : await askResolvers(context, at, 'NS');
    const heard = told.problem === null || isSilence(told.problem) ? told : await askResolvers(context, at, 'SOA');
    if (heard.problem !== null) return { zone: null, problem: heard.problem };
    const owner = apexIn(heard.reply, at);
    if (owner === undefined) continue;
    const zone = interpret(owner, dnsName);
    // The root answers for a name whose top-level domain does not exist.
    if (zone === null) break;
    const ns = zone === at ? told.reply : zone === above ? ((await ahead)?.reply ?? null) : null;
    return { zone, ns, problem: null };
  }
  return { zone: null, problem: problem('nxdomain', 'gather') };
}

/** Name servers that choose among addresses may fail for every type that they do not know, but they know their SOA record. */
function isSilence({ code }: Problem): boolean {
  return code === 'dns-timeout' || code === 'cancelled';
}

function apexIn({ answers, authorities }: DnsReply, at: DnsName): WireText | undefined {
  const own = [...ofType(answers, 'NS'), ...ofType(answers, 'SOA')].find((record) => sameText(record.name, at));
  return (
    own ?? ofType(authorities, 'SOA').find((record) => interpret(record.name, (owner): boolean => encloses(owner, at)))
  )?.name;
}

/** Top-level domains own no services. */
function apexAbove(name: DnsName): DnsName | null {
  const parent = parentOf(name);
  return parent?.includes('.') === true ? parent : null;
}

function parentOf(name: DnsName): DnsName | null {
  const dot = name.indexOf('.');
  return dot < 0 ? null : dnsName(name.slice(dot + 1));
}
