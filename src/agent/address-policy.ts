// Owns which addresses the agent may be sent to: /probe does what its callers say, so that it must not reach what only this machine can.
import { BlockList, isIP } from 'node:net';
import { UsageError } from '../model/usage-error.ts';

/** Says why an address must not be gone to; null: it may. */
export type AddressPolicy = (address: string) => string | null;

/**
 * Never gone to unless allowed by name: link-local addresses (RFC 3927, RFC 4291 2.5.6), where clouds answer for their metadata (169.254.169.254;
 * AWS over IPv6 fd00:ec2::254, Google fd20:ce::254, Alibaba 100.100.100.200, Oracle 192.0.0.192), and addresses of no host at all.
 */
const DENIED = [
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '0.0.0.0/8',
  '::/128',
];

/**
 * @param allow networks, `address/length`: when there are any, nothing else is gone to; they win over what is denied by default
 * @param deny networks that are not gone to; they win over all
 * @throws UsageError for what is no network
 */
export function addressPolicy(allow: readonly string[], deny: readonly string[]): AddressPolicy {
  const [allowed, denied, byDefault] = [blockList(allow, '--allow'), blockList(deny, '--deny'), blockList(DENIED, '')];
  return (address) => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    // A list for IPv4 knows an address in IPv6 clothes too.
    const holds = (list: BlockList): boolean => list.check(address.replace(/%.*$/, ''), family);
    if (holds(denied)) return `${address} is denied by --deny`;
    if (holds(allowed)) return null;
    if (holds(byDefault))
      return `${address} is link-local or a cloud's metadata service; --allow ${address}/${family === 'ipv6' ? 128 : 32} permits it`;
    return allow.length === 0 ? null : `${address} is in no network that --allow names`;
  };
}

function blockList(networks: readonly string[], option: string): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
    if (family === 0 || !(bits <= most))
      throw new UsageError(`${option}: "${network}" is not a network`, 'write 10.0.0.0/8, 192.0.2.1 or 2001:db8::/32');
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
