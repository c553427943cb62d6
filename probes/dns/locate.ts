// Owns finding the addresses of name servers at the resolver, and what is odd about their names. Never asks a name server.
import { type ProblemCode, problem } from '../../src/model/problem.ts';
import {
  type DnsName,
  dnsName,
  type IpAddress,
  interpret,
  ROOT,
  sameText,
  type WireText,
} from '../../src/model/text.ts';
import { askResolvers, type Context, ofType } from './ask.ts';
import type { NameServerEvidence } from './evidence.ts';

/** A name server and where it stands. */
export interface Located extends Pick<NameServerEvidence, 'aliasOf' | 'missing' | 'listedBy'> {
  readonly name: WireText;
  readonly addresses: readonly IpAddress[];
  /** Why there are none. */
  readonly error: ProblemCode | null;
}

export async function locate(context: Context, name: WireText): Promise<Located> {
  const host = interpret(name, dnsName);
  if (host === null) return { name, addresses: [], error: 'dns-malformed' };
  const found = await context.net.dns.lookup(host, context.signal);
  const { addresses, problem: trouble, familyProblems, aliases, canonicalName } = found;
  // With one family asked for (-4, -6), a server that has only addresses of the other is not without address.
  const halfAsked = trouble?.code === 'nodata' && (familyProblems.ipv4 === null || familyProblems.ipv6 === null);
  const missing = trouble?.code === 'nxdomain' ? await existingAbove(context, canonicalName) : null;
  return {
    name,
    addresses: addresses.map((one) => one.address),
    error: halfAsked ? null : (trouble?.code ?? null),
    aliasOf: aliases.length > 0 ? canonicalName : null,
    ...(missing === null ? {} : { missing: { name: canonicalName, zone: missing } }),
  };
}

/** The zone that says that a name does not exist, by the SOA record of its answer (RFC 2308 2.1). */
async function existingAbove(context: Context, name: DnsName): Promise<DnsName | null> {
  const told = await askResolvers(context, name, 'A');
  const soa = told.reply?.rcode === 'NXDOMAIN' ? ofType(told.reply.authorities, 'SOA')[0] : undefined;
  if (soa === undefined) return null;
  return sameText(soa.name, ROOT) ? ROOT : interpret(soa.name, dnsName);
}

/** A name server that nobody was asked about. */
export function unlocated(name: WireText): Located {
  return { name, addresses: [], error: null };
}

/** The same with addresses that came along with its name. */
export function locatedBy(
  glue: readonly { readonly name: WireText; readonly address: IpAddress }[],
  name: WireText,
): Located {
  return { ...unlocated(name), addresses: glue.filter((one) => sameText(one.name, name)).map((one) => one.address) };
}

/** Why none of them can be asked. */
export function whyNone(located: readonly Located[]): ReturnType<typeof problem> | null {
  const error = located.find((one) => one.error !== null)?.error ?? null;
  return error === null ? null : problem(error, 'gather');
}
