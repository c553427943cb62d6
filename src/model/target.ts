// Owns what a person asked to be ridden, and the endpoints that were found behind it.
import { type DnsName, dnsName, type EndpointId, type IpAddress } from './text.ts';
import { UsageError } from './usage-error.ts';

/** Protocols that begin in the clear and turn to TLS when asked: RFC 3207, 2595, 4217, 4511, 6120, 4642, 5804, and the vendors' own. */
export const starttlsProtocols = [
  'smtp',
  'lmtp',
  'imap',
  'pop3',
  'ftp',
  'ldap',
  'postgres',
  'mysql',
  'xmpp',
  'xmpp-server',
  'nntp',
  'sieve',
] as const;
export type Starttls = (typeof starttlsProtocols)[number];

export interface Target {
  /** As typed. */
  readonly input: string;
  /** What is requested, normalised: scheme, host, port unless default, path and query. */
  readonly url: string;
  readonly scheme: 'https' | 'http';
  /** Host name, or the address itself when the target is an address. */
  readonly host: DnsName | IpAddress;
  /** True when `host` is an address: nothing to resolve, no SNI (RFC 6066 3 allows names only). */
  readonly isAddress: boolean;
  readonly port: number;
  /** Only of targets whose certificates alone are looked at, where the protocol begins in the clear. */
  readonly starttls?: Starttls;
}

/**
 * Where the zone of an endpoint comes from. `dns-name`: a name of the alias chain leads to that zone only. `network`: its address is of a zone's
 * own range. `reverse-name`: the name that the address carries says so, which is a hint: whoever owns the address writes it.
 */
export const zoneSources = ['flag', 'config', 'name', 'world', 'dns-name', 'network', 'reverse-name'] as const;
export type ZoneSource = (typeof zoneSources)[number];

export interface Endpoint {
  readonly id: EndpointId;
  readonly address: IpAddress;
  readonly port: number;
  readonly family: 4 | 6;
  readonly zone: string | null;
  readonly zoneSource: ZoneSource | null;
  /** Remaining lifetime of the address record as the resolver gave it; null when DNS was not asked. */
  readonly ttlSeconds: number | null;
}

const IPV4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/**
 * Reads an address in any usual text form (no scope id), or null. IPv6 is brought to its RFC 5952 form. Four numbers with
 * leading zeros are no address: inet_aton(3) reads them as octal, so that no two programs need to agree on the host.
 */
export function ipAddress(text: string): IpAddress | null {
  if (IPV4.test(text)) return text as IpAddress;
  if (!text.includes(':') || text.length > 45 || /[^0-9a-fA-F:.]/.test(text)) return null;
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1) as IpAddress;
  } catch {
    return null;
  }
}

/** Says how to write what `ipAddress` refuses for its leading zeros; null for any other text. */
export function zeroPadded(text: string): string | null {
  if (!/^\d{1,9}(\.\d{1,9}){3}$/.test(text) || !/(^|\.)0\d/.test(text)) return null;
  const plain = ipAddress(text.split('.').map(Number).join('.'));
  return `leading zeros are read as octal by some programs${plain === null ? '' : `; write ${plain}`}`;
}

/** The host of a URL without the brackets of an IPv6 address (RFC 3986 3.2.2). */
export const bareHost = ({ hostname }: Pick<URL, 'hostname'>): string =>
  hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;

export function familyOf(address: IpAddress): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

export function endpointId(address: IpAddress, port: number): EndpointId {
  return (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`) as EndpointId;
}

/** As everybody may read it who sees a page or a series: a query may hold a secret, and before the @ stands one. */
export function shownTarget(text: string): string {
  return text.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1');
}

/**
 * Reads `name`, `name:port`, `address`, `[v6]:port` or an http(s) URL; https is assumed.
 * @throws UsageError with the cause and what to type instead
 */
export function parseTarget(input: string, defaultPort?: number): Target {
  const bare = input.trim();
  if (bare === '') throw new UsageError('the target is empty; give a name, host:port or URL');
  const v6 = ipAddress(bare);
  const text = v6?.includes(':') ? `https://[${v6}]` : /^[a-z][a-z0-9+.-]*:\/\//i.test(bare) ? bare : `https://${bare}`;
  const typedHost = /^[^/]*:\/\/(?:[^/?#]*@)?([^/?#:]*)/.exec(text)?.[1] ?? '';
  const padded = zeroPadded(typedHost.replace(/\.$/, ''));
  if (padded !== null) throw new UsageError(`"${typedHost}" is not an address`, padded);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`"${input}" is not a name, host:port or URL`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new UsageError(`"${input}": only https and http targets can be ridden, not ${url.protocol}//`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`"${url.hostname}": no user name or password in the target; send them with --header`);
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const hostname = bareHost(url);
  const address = ipAddress(hostname);
  // A URL may write an address as one number, in hexadecimal or with parts left out; a person hardly means to.
  if (address !== null && !hostname.includes(':') && typedHost.replace(/\.$/, '') !== hostname)
    throw new UsageError(`"${typedHost}" is not a host name`, `as an address it would be ${hostname}`);
  const host = address ?? dnsName(hostname);
  if (host === null)
    throw new UsageError(`"${hostname}" is not a host name (letters, digits, "-", "_", at most 63 a label)`);
  const explicitPort = /^[^/]*:\/\/[^/?#]*:\d+([/?#]|$)/.test(text);
  if (url.port === '' && defaultPort !== undefined && !explicitPort) url.port = String(defaultPort);
  url.hash = '';
  // A final dot (the absolute form of RFC 1034 3.1) is for resolvers; servers and certificates do not carry it.
  if (address === null) url.hostname = host;
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  if (port === 0) throw new UsageError(`"${input}": port 0 cannot be connected to`);
  return { input, url: url.href, scheme, host, isAddress: address !== null, port };
}
