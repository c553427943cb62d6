// Owns reading what `probe certs` is pointed at: names, host:port, URLs of anything that speaks TLS. Looks nothing up.
import { ipAddress, type Starttls, type Target, zeroPadded } from '../model/target.ts';
import { dnsName } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';

interface Service {
  readonly port: number;
  readonly starttls: Starttls | null;
}

const direct = (port: number): Service => ({ port, starttls: null });
const starting = (starttls: Starttls, port: number): Service => ({ port, starttls });

/** URL schemes and their ports, as the IANA service name registry assigns them. `tls` is any port. */
const SCHEMES: Readonly<Record<string, Service>> = {
  https: direct(443),
  tls: direct(443),
  smtp: starting('smtp', 25),
  submission: starting('smtp', 587),
  smtps: direct(465),
  submissions: direct(465),
  lmtp: starting('lmtp', 24),
  imap: starting('imap', 143),
  imaps: direct(993),
  pop3: starting('pop3', 110),
  pop3s: direct(995),
  ftp: starting('ftp', 21),
  ftps: direct(990),
  ldap: starting('ldap', 389),
  ldaps: direct(636),
  postgres: starting('postgres', 5432),
  postgresql: starting('postgres', 5432),
  mysql: starting('mysql', 3306),
  xmpp: starting('xmpp', 5222),
  'xmpp-client': starting('xmpp', 5222),
  'xmpp-server': starting('xmpp-server', 5269),
  nntp: starting('nntp', 119),
  nntps: direct(563),
  sieve: starting('sieve', 4190),
  mqtts: direct(8883),
  amqps: direct(5671),
  ircs: direct(6697),
  sips: direct(5061),
  'dns+tls': direct(853),
};

/** What `host:port` without a scheme means: on these ports nobody speaks TLS from the first byte. */
const BY_PORT: ReadonlyMap<number, Starttls> = new Map(
  Object.values(SCHEMES).flatMap(({ port, starttls }) => (starttls === null ? [] : [[port, starttls] as const])),
);

/**
 * Reads `name`, `host:port`, `[v6]:port` or `scheme://host[:port]`; TLS on port 443 is assumed, STARTTLS on the ports that are its
 * own (25, 587, 143...). `defaultPort` stands in for 443.
 * @throws UsageError with the cause and what to type instead
 */
export function parseCertTarget(input: string, defaultPort = 443): Target {
  const text = input.trim();
  if (text === '') throw new UsageError('a target is empty; give a name, host:port or URL');
  const [, scheme, rest = text] = /^([a-z][a-z0-9+-]*):\/\/([^]*)$/i.exec(text) ?? [];
  const service = scheme === undefined ? null : serviceOf(scheme, input);
  const { host, port } = authority(rest, input);
  const chosen = port ?? service?.port ?? defaultPort;
  const starttls = service === null ? (BY_PORT.get(chosen) ?? null) : service.starttls;
  const url = `${starttls ?? 'tls'}://${host.host.includes(':') ? `[${host.host}]` : host.host}:${chosen}`;
  return { input: text, url, scheme: 'https', ...host, port: chosen, ...(starttls === null ? {} : { starttls }) };
}

function serviceOf(scheme: string, input: string): Service {
  const service = SCHEMES[scheme.toLowerCase()];
  if (service !== undefined) return service;
  throw new UsageError(
    `"${input}": ${scheme}:// is not known here`,
    `the schemes are ${Object.keys(SCHEMES).join(', ')}; any other port that speaks TLS: tls://HOST:PORT`,
  );
}

/** Path and query of a URL play no part: what is looked at is the server. */
function authority(rest: string, input: string): { host: Pick<Target, 'host' | 'isAddress'>; port: number | null } {
  const place = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  if (place.includes('@'))
    throw new UsageError('no user name or password in a target', 'none is needed to see a certificate');
  const bare = ipAddress(place);
  if (bare !== null) return { host: { host: bare, isAddress: true }, port: null };
  const found = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(place) ?? /^([^:]*)(?::(\d{1,5}))?$/.exec(place);
  const port = found?.[2] === undefined ? null : Number(found[2]);
  if (found?.[1] === undefined || (port !== null && (port < 1 || port > 65_535)))
    throw new UsageError(
      `"${input}" is not a name, host:port or URL`,
      'write kms.example, kms.example:8443, [2001:db8::1]:443',
    );
  if (place.startsWith('[') && ipAddress(found[1]) === null)
    throw new UsageError(`"${input}": only IPv6 addresses stand in brackets`);
  return { host: hostOf(found[1], input), port };
}

function hostOf(text: string, input: string): Pick<Target, 'host' | 'isAddress'> {
  const padded = zeroPadded(text.replace(/\.$/, ''));
  if (padded !== null) throw new UsageError(`"${text}" is not an address`, padded);
  const address = ipAddress(text);
  if (address !== null) return { host: address, isAddress: true };
  const name = dnsName(ascii(text));
  if (name !== null) return { host: name, isAddress: false };
  throw new UsageError(`"${input}": "${text}" is not a host name (letters, digits, "-", "_", at most 63 a label)`);
}

/** Names outside ASCII in the form that DNS and certificates carry (UTS 46, as URLs do it). */
function ascii(host: string): string {
  // oxlint-disable-next-line no-control-regex -- ASCII is what it asks for
  if (/^[\x00-\x7f]*$/.test(host)) return host;
  try {
    return new URL(`https://${host}/`).hostname;
  } catch {
    return host;
  }
}
