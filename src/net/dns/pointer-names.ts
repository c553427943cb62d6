// Owns asking for the names that addresses carry (PTR), and whether a name leads back to its address. Judges no name.
import type { DnsClient, DnsServer } from '../../contract/net.ts';
import { reverseName } from '../../model/address-scope.ts';
import { familyOf } from '../../model/target.ts';
import { compareText, type DnsName, dnsName, type IpAddress, type WireText } from '../../model/text.ts';
import { formatServer } from './server-text.ts';

/** The resolver that answered the lookup, else the first. */
export function resolverOf({ resolvers }: Pick<DnsClient, 'resolvers'>, answered: string | null): DnsServer | null {
  return resolvers.find((one) => formatServer(one) === answered) ?? resolvers[0] ?? null;
}

/** One question for each address, side by side. An address without an answer, or without a name, is left out; many names come in one order. */
export async function pointerNames(
  dns: Pick<DnsClient, 'query'>,
  resolver: DnsServer,
  addresses: readonly IpAddress[],
  signal: AbortSignal,
): Promise<ReadonlyMap<IpAddress, readonly WireText[]>> {
  const told = await Promise.all(
    addresses.map(async (address) => {
      const name = dnsName(reverseName(address));
      if (name === null) return [];
      const attempt = await dns.query(resolver, { name, type: 'PTR', recursionDesired: true }, signal);
      const answers = attempt.state === 'complete' ? attempt.value.answers : [];
      const names = answers.flatMap((record) => (record.type === 'PTR' ? [record.target] : []));
      return names.length === 0 ? [] : [[address, names.toSorted(compareText)] as const];
    }),
  );
  return new Map(told.flat());
}

/** Whether an address record of the name is that address; null where nobody said. The owner of an address can call it by any name, but not make that name lead back. */
export async function leadsBack(
  dns: Pick<DnsClient, 'query'>,
  resolver: DnsServer,
  { name, address }: { readonly name: DnsName; readonly address: IpAddress },
  signal: AbortSignal,
): Promise<boolean | null> {
  const type = familyOf(address) === 4 ? 'A' : 'AAAA';
  const attempt = await dns.query(resolver, { name, type, recursionDesired: true }, signal);
  if (attempt.state !== 'complete' || !['NOERROR', 'NXDOMAIN'].includes(attempt.value.rcode)) return null;
  return attempt.value.answers.some((record) => record.type === type && record.address === address);
}
