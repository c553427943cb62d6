// Owns finding the zone that owns a name, by asking resolvers for the start of authority. Never guesses from labels.
import { type Problem, problem } from '../../src/model/problem.ts';
import { type DnsName, dnsName, interpret, sameText, type WireText } from '../../src/model/text.ts';
import { askResolvers, type Context, ofType } from './ask.ts';

export type FoundZone =
  | { readonly zone: DnsName; readonly problem: null }
  | { readonly zone: null; readonly problem: Problem };

/**
 * The SOA record of the zone comes in the answer for its apex, and in the authority section for every other name (RFC 2308 2).
 * For an alias its parent is asked, because the alias itself would be followed into another zone; a zone never begins at an alias.
 * A failing resolver ends the search: climbing on would name the parent's zone for one whose servers are all down.
 */
export async function findZone(context: Context, name: DnsName, isAlias: boolean): Promise<FoundZone> {
  for (let at = isAlias ? parentOf(name) : name; at !== null; at = parentOf(at)) {
    const told = await askResolvers(context, at, 'SOA');
    if (told.problem !== null) return { zone: null, problem: told.problem };
    const apex = ofType(told.reply.answers, 'SOA').find((record) => sameText(record.name, at ?? ''));
    const above = ofType(told.reply.authorities, 'SOA').find((record) => encloses(record.name, at ?? ''));
    const owner = (apex ?? above)?.name;
    if (owner === undefined) continue;
    const zone = interpret(owner, dnsName);
    if (zone !== null) return { zone, problem: null };
    // The root answers for a name whose top-level domain does not exist.
    break;
  }
  return { zone: null, problem: problem('nxdomain', 'gather') };
}

function parentOf(name: DnsName): DnsName | null {
  const dot = name.indexOf('.');
  return dot < 0 ? null : dnsName(name.slice(dot + 1));
}

function encloses(zone: WireText, name: string): boolean {
  return interpret(zone, (owner): boolean => owner === '.' || name === owner || name.endsWith(`.${owner}`));
}
