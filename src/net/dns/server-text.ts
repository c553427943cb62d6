// Owns how a person writes a DNS server, and how it is written back. Never looks anything up.
import type { DnsServer, PlainDnsServer, TlsDnsServer } from '../../contract/net.ts';
import { bareHost, familyOf, ipAddress, zeroPadded } from '../../model/target.ts';
import { type DnsName, dnsName, type IpAddress } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';

const DNS_PORT = 53;
/** RFC 7858 3.1. */
const TLS_PORT = 853;
/** Longer URLs are nobody's resolver. */
const MAX_URL = 2_048;

/**
 * Reads `IP`, `IP#PORT`, `[V6]:PORT`, `tls://IP[#NAME][:PORT]` or `https://HOST[:PORT]/PATH`.
 * @throws UsageError that says which form is wanted
 */
export function parseResolver(text: string): DnsServer {
  const trimmed = text.trim();
  if (/^https:\/\/[^/]/i.test(trimmed)) return { transport: 'https', url: urlOf(trimmed) };
  if (/^tls:\/\//i.test(trimmed)) return tlsServer(trimmed);
  return plainServer(trimmed);
}

function plainServer(text: string): PlainDnsServer {
  const found = /^\[([^\]#[]+)\]:(\d{1,5})$/.exec(text) ?? /^\[?([^\]#[]+)\]?(?:#(\d{1,5}))?$/.exec(text);
  const address = ipAddress(found?.[1] ?? '');
  const port = portOf(found?.[2], DNS_PORT);
  if (address === null || port === null) {
    throw new UsageError(
      `"${text}" is not a resolver address`,
      zeroPadded(found?.[1] ?? '') ??
        'write an IP address, and #PORT unless it is 53 (127.0.0.1#5353), tls://IP#NAME or https://HOST/dns-query',
    );
  }
  return { address, port };
}

/** The port may stand behind the address or behind the name: both are usual. */
const TLS =
  /^tls:\/\/(?:\[([^\]]+)\]|([^#[\]:]+)|([^#[\]]*:[^#[\]]*:[^#[\]]*))(?::(\d{1,5}))?(?:#([^:#]+)(?::(\d{1,5}))?)?$/i;

function tlsServer(text: string): TlsDnsServer {
  const [, inBrackets, ipv4, ipv6, before, named, behind] = TLS.exec(text) ?? [];
  const address = ipAddress(inBrackets ?? ipv4 ?? ipv6 ?? '');
  const name = named === undefined ? null : hostName(named);
  const port = portOf(before ?? behind, TLS_PORT);
  const twice = before !== undefined && behind !== undefined;
  if (address === null || port === null || twice || (named !== undefined && name === null)) {
    throw new UsageError(
      `"${text}" is not a resolver over TLS`,
      'write tls://IP#NAME, and :PORT unless it is 853: tls://192.0.2.53#dns.example or tls://[2001:db8::53]:8853',
    );
  }
  return { transport: 'tls', address, port, name };
}

function urlOf(text: string): string {
  // RFC 8484 4.1 gives URI templates: the variable is for GET, and POST goes to what remains.
  const url = URL.parse(text.replace('{?dns}', ''));
  const host = url === null ? '' : bareHost(url);
  const known = ipAddress(host) !== null || hostName(host) !== null;
  if (url === null || !known || url.username !== '' || url.password !== '' || url.href.length > MAX_URL) {
    throw new UsageError(
      `"${text}" is not a resolver over HTTPS`,
      'write its URL without user and password: https://192.0.2.53/dns-query or https://dns.example/dns-query',
    );
  }
  url.hash = '';
  return url.href;
}

/** Null for what is no host name, and for what ends in a number (RFC 1123 2.1: an address). */
function hostName(text: string): DnsName | null {
  return /(^|\.)\d+$/.test(text) ? null : dnsName(text);
}

function portOf(text: string | undefined, usual: number): number | null {
  const port = text === undefined ? usual : Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

/** As `parseResolver` reads it. */
export function formatServer(server: DnsServer): string {
  if (server.transport === 'https') return server.url;
  if (server.transport === 'tls') {
    const name = server.name === null ? '' : `#${server.name}`;
    const port = server.port === TLS_PORT ? '' : `:${server.port}`;
    return `tls://${bracketed(server.address)}${name}${port}`;
  }
  return server.port === DNS_PORT ? server.address : `${server.address}#${server.port}`;
}

function bracketed(address: IpAddress): string {
  return familyOf(address) === 6 ? `[${address}]` : address;
}
