// Owns what can be said of a name that does not exist although something leads to it: who could make it exist.
// Never asks a registry: a domain that is not in the zone above it may still be somebody's.
import { type DnsName, dnsName } from '../../../src/model/text.ts';
import { askResolvers, type Context } from '../ask.ts';
import type { MissingEvidence } from '../evidence-safety.ts';

/** One question: whether the domain that its owner registers exists. */
export async function lookForOwner(context: Context, name: DnsName): Promise<MissingEvidence> {
  const domain = await registrableDomain(name);
  if (domain === null) return { name, domain, registration: 'not-told' };
  const told = await askResolvers(context, domain, 'SOA');
  const rcode = told.reply?.rcode;
  const registration = rcode === 'NXDOMAIN' ? 'absent' : rcode === 'NOERROR' ? 'there' : 'not-told';
  return { name, domain, registration };
}

/** Null below suffixes that no public registry keeps. The list is large and seldom needed, so it is loaded here. */
export async function registrableDomain(name: DnsName): Promise<DnsName | null> {
  const { parse } = await import('tldts');
  const { domain, isIcann } = parse(name, { validateHostname: false });
  return domain === null || isIcann !== true ? null : dnsName(domain);
}
