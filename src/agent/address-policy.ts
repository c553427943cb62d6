// Owns where the agent may be sent, by address and by name: /probe does what its callers say, so that it must not reach what only this machine can.
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { metadataAddresses, nat64Address } from '../model/address-scope.ts';
import { BoundedMap } from '../model/bounded-map.ts';
import { ipAddress } from '../model/target.ts';
import { dnsName } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';

export interface AddressPolicy {
  /**
   * Says why a destination must not be gone to; null: it may.
   * @param to an address; or a name, where somebody else looks it up (a proxy) or it is only said (Host)
   * @param name by which the address was found; absent: nobody named it
   */
  (to: string, name?: string): string | null;
  /** Says why no name may lead to this one; null without rules by name, when names need not be followed. */
  readonly follows: ((name: string) => string | null) | null;
}

/** Verdicts that are kept. */
const MOST_KNOWN = 1000;

/** Never gone to unless allowed by address: link-local ones (RFC 3927, RFC 4291 2.5.6), where clouds answer for their metadata, and those of no host at all. */
const DENIED = ['169.254.0.0/16', 'fe80::/10', ...metadataAddresses, '0.0.0.0/8', '::/128'];

/**
 * @param allow networks (`address/length`) and names (`kms.example`, `*.kms.example`: every name below): when there are any, nothing else is gone to.
 *   Networks win over what is denied by default; names do not, as whoever owns a name chooses its addresses.
 * @param deny networks and names that are not gone to; they win over all
 * @throws UsageError for what is neither
 */
export function addressPolicy(allow: readonly string[], deny: readonly string[]): AddressPolicy {
  const [allowed, denied] = [rulesOf(allow, '--allow'), rulesOf(deny, '--deny')];
  const byDefault = rulesOf(DENIED, '').networks;
  const follows = (name: string): string | null => {
    const rule = denied.names.find((one) => fits(one, name));
    return rule === undefined ? null : `${name} is denied by --deny ${rule}`;
  };
  const isAllowed = (name: string): boolean => allowed.names.some((one) => fits(one, name));
  const byName = (name: string): string | null => {
    const because = follows(name);
    if (because !== null || allowed.names.length === 0 || isAllowed(name)) return because;
    return `${name} is no name that --allow permits`;
  };
  const byAddress = (address: string, given: string | undefined): string | null => {
    // An address that was asked for by itself has no name.
    const name = given === undefined || isIP(given) !== 0 ? undefined : given;
    const faces = facesOf(address);
    const because = name === undefined ? null : follows(name);
    if (because !== null) return because;
    if (faces.some((face) => holds(denied.networks, face))) return `${address} is denied by --deny`;
    if (holds(allowed.networks, address)) return null;
    if (faces.some((face) => holds(byDefault, face)))
      return `${address} is link-local or a cloud's metadata service; --allow ${address}/${isIP(address) === 6 ? 128 : 32} permits it`;
    if (allow.length === 0 || (name !== undefined && isAllowed(name))) return null;
    const unknown = name === undefined ? '' : `, and ${name} is no name that it permits`;
    return `${address} is in no network that --allow names${allowed.names.length === 0 ? '' : unknown}`;
  };
  const known = new BoundedMap<string, string | null>(MOST_KNOWN);
  /** Every probe asks twice of one address: when it chooses it, and before it connects. */
  const asKnown = (address: string, name: string | undefined): string | null => {
    // No address holds a blank, whatever a name does: two questions never have one key.
    const key = name === undefined ? address : `${address} ${name}`;
    const verdict = known.get(key);
    if (verdict !== undefined) return verdict;
    const fresh = byAddress(address, name);
    known.set(key, fresh);
    return fresh;
  };
  const hasNames = allowed.names.length + denied.names.length > 0;
  return Object.assign((to: string, name?: string) => (isIP(to) === 0 ? byName(to) : asKnown(to, name)), {
    follows: hasNames ? follows : null,
  });
}

/** The address itself, and the IPv4 address that a NAT64 makes of it (RFC 6052 2.1). */
function facesOf(address: string): readonly string[] {
  const plain = ipAddress(address.replace(/%.*$/, ''));
  const behind = plain === null ? null : nat64Address(plain);
  return behind === null ? [address] : [address, behind];
}

/** A list for IPv4 knows an address in IPv6 clothes too. */
function holds(networks: BlockList, address: string): boolean {
  return networks.check(address.replace(/%.*$/, ''), isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** @param rule a name, or `*.` and a name for all below it */
function fits(rule: string, name: string): boolean {
  const plain = plainName(name);
  return rule.startsWith('*.') ? plain.endsWith(rule.slice(1)) : plain === rule;
}

/** As DNS compares names: without the final dot, whatever their letters' case, in ASCII (RFC 5890 2.3.2.1). */
function plainName(name: string): string {
  const bare = name.replace(/\.$/, '');
  // What is ASCII already is not given to a parser of hosts, which ends at a slash.
  const ascii = /[^\0-\x7f]/.test(bare) && !/[/?#@:\\\s]/.test(bare) ? domainToASCII(bare) : '';
  return (ascii === '' ? bare : ascii).toLowerCase();
}

interface Rules {
  readonly networks: BlockList;
  readonly names: readonly string[];
}

function rulesOf(given: readonly string[], option: string): Rules {
  const networks = new BlockList();
  const names: string[] = [];
  for (const one of given) {
    const [address = '', length] = one.split('/');
    const family = isIP(address);
    if (family !== 0) addNetwork(networks, { one, address, length, family }, option);
    else names.push(nameRule(one, option));
  }
  return { networks, names };
}

function addNetwork(
  networks: BlockList,
  network: {
    readonly one: string;
    readonly address: string;
    readonly length: string | undefined;
    readonly family: number;
  },
  option: string,
): void {
  const { one, address, length, family } = network;
  const most = family === 6 ? 128 : 32;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (!(bits <= most))
    throw new UsageError(`${option}: "${one}" is not a network`, 'write 10.0.0.0/8, 192.0.2.1 or 2001:db8::/32');
  networks.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
}

function nameRule(text: string, option: string): string {
  const isBelow = text.startsWith('*.');
  const plain = plainName(isBelow ? text.slice(2) : text);
  // What ends in a number is an address that was mistyped (RFC 1123 2.1).
  if (dnsName(plain) === null || /(^|\.)\d+$/.test(plain))
    throw new UsageError(
      `${option}: "${text}" is neither a network nor a name`,
      'write 10.0.0.0/8, 192.0.2.1, 2001:db8::/32, kms.example or *.kms.example',
    );
  return `${isBelow ? '*.' : ''}${plain}`;
}
