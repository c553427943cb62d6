// Owns what the name servers of one zone have in common: operator, top-level domain, network. Pure.
import { addressScope, networkOf } from '../../src/model/address-scope.ts';
import { familyOf } from '../../src/model/target.ts';
import { type DnsName, dnsName, type IpAddress, interpret } from '../../src/model/text.ts';
import type { ZoneEvidence } from './evidence.ts';
import { operatorOf, operatorsOf } from './provider.ts';

export interface Hosting {
  readonly operators: readonly string[];
  /** Names whose operator is not known here. */
  readonly unknownNames: number;
  /** Last labels of the names. */
  readonly topLevelDomains: readonly string[];
  /** Every address of the zone's servers, once. */
  readonly addresses: readonly IpAddress[];
  /** /24 and /48 of the addresses, IPv4 first. */
  readonly networks: readonly string[];
  /** True when all addresses of each family stand in one network, of at least two addresses that others than we can reach. */
  readonly isOneNetwork: boolean;
}

export function hostingOf(zone: ZoneEvidence): Hosting {
  const names = zone.nameservers.map(({ name }) => name);
  const addresses = [...new Set(zone.nameservers.flatMap((one) => one.addresses))];
  const networksOf = (family: 4 | 6) => [
    ...new Set(addresses.filter((one) => familyOf(one) === family).map(networkOf)),
  ];
  const [ipv4, ipv6] = [networksOf(4), networksOf(6)];
  return {
    operators: operatorsOf(names),
    unknownNames: names.filter((name) => operatorOf(name) === null).length,
    topLevelDomains: [...new Set(names.flatMap((name) => lastLabel(interpret(name, dnsName))))],
    addresses,
    networks: [...ipv4, ...ipv6],
    isOneNetwork: ipv4.length <= 1 && ipv6.length <= 1 && addresses.length > ipv4.length + ipv6.length,
  };
}

/** True when the address is one that routes lead to. Documentation addresses stand for such addresses in examples. */
export function isRouted(address: IpAddress): boolean {
  const scope = addressScope(address);
  return scope === 'public' || scope === 'documentation';
}

function lastLabel(name: DnsName | null): readonly string[] {
  const label = name?.split('.').at(-1);
  return label === undefined ? [] : [label];
}
