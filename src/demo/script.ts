// Owns the script of a world: data that says in which state every zone, host and name server is. Never does anything.

/** What the chain of a zone looks like. `expiring` is `valid` with few days left. */
export type CertificateState =
  | 'valid'
  | 'expiring'
  | 'expired'
  | 'not-yet-valid'
  | 'missing-intermediate'
  | 'expired-intermediate'
  | 'wrong-order'
  | 'extra-certificate'
  | 'root-included'
  | 'duplicate-leaf'
  | 'self-signed'
  | 'wrong-name'
  | 'other-ca';

/**
 * How a zone's listener misbehaves. Before TLS: `refuse` nothing listens; `blackhole` accepts and says nothing; `reset` accepts and resets;
 * `garbage` random bytes; `plain-http` HTTP without TLS; `tls-tarpit` a TLS record that drips in for ever. After TLS: `tarpit` a body that
 * drips a byte at a time; `endless-body` never ends; `huge-headers` 256 KiB of them; `close-after-request` hangs up instead of answering;
 * `gzip-bomb` 512 MiB of zeros in half a megabyte.
 */
export type ZoneFault =
  | 'none'
  | 'refuse'
  | 'blackhole'
  | 'reset'
  | 'garbage'
  | 'plain-http'
  | 'tls-tarpit'
  | 'tarpit'
  | 'endless-body'
  | 'huge-headers'
  | 'close-after-request'
  | 'gzip-bomb';

/**
 * How a DNS server misbehaves. `silent` never answers; `refuse` the port is closed; `refused`, `servfail`, `nxdomain` that rcode always;
 * `lame` answers without authority and refers upwards; `garbage` unreadable after the header; `truncate` TC on UDP, always; `no-tcp` hangs up on TCP.
 */
export type DnsFault =
  | 'none'
  | 'silent'
  | 'refuse'
  | 'refused'
  | 'servfail'
  | 'nxdomain'
  | 'lame'
  | 'garbage'
  | 'truncate'
  | 'no-tcp';

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** One host behind a zone's balancer. */
export interface HostScript {
  /** Value of `x-served-by`; unique in the world. */
  readonly name: string;
  readonly status: number;
  /** Time the application takes, of which two thirds are its database. */
  readonly delayMs: number;
  /** Added to the answer as they are, in UTF-8: hostile values are welcome. */
  readonly headers: readonly (readonly [string, string])[];
  /** Body in place of the usual JSON; null for the usual. */
  readonly body: string | null;
}

/** One zone: a balancer on an address of its own and the hosts behind it. */
export interface ZoneScript {
  readonly name: string;
  /** First label of the zonal name: `zone-a` is `zone-a.kms.example`. */
  readonly label: string;
  readonly address: string;
  readonly certificate: CertificateState;
  readonly key: 'ec' | 'rsa';
  /** Of the leaf; 90 where nothing is said. */
  readonly lifetimeDays?: number;
  /** Which of two intermediates issued the leaf; the first where nothing is said. */
  readonly issuer?: 'first' | 'second';
  /** Days until the leaf expires; negative when it has. `not-yet-valid` begins in two days whatever this says. */
  readonly daysLeft: number;
  readonly tls: { readonly min: TlsVersion; readonly max: TlsVersion };
  readonly alpn: readonly ('h2' | 'http/1.1')[];
  /** Time between balancer and hosts, and how much it varies (uniform, seeded). */
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly hosts: readonly HostScript[];
  readonly fault: ZoneFault;
}

export interface NameServerScript {
  /** First label: `ns1` is `ns1.kms.example`. */
  readonly label: string;
  readonly address: string;
  readonly serial: number;
  readonly fault: DnsFault;
  /** Labels of zones whose address this server does not have (a secondary left behind). */
  readonly lacks: readonly string[];
}

/** A server of a zone above kms.example. */
export interface UpperServerScript {
  /** Name below `example`: `a.root` is `a.root.example`. */
  readonly label: string;
  readonly address: string;
  readonly fault: DnsFault;
}

/** What the registry of `example` says of kms.example. */
export interface DelegationScript {
  /** Labels of the name servers; null for those that the zone has. */
  readonly nameServers: readonly string[] | null;
  /** Addresses by label, where they are not those of the name servers. */
  readonly glue: Readonly<Record<string, string>>;
  readonly ttlSeconds: number;
}

/**
 * Which of the service's addresses an answer holds. `fixed`: all, in one order; `rotated`: all, shuffled; `multivalue`: any `size` of
 * them; `weighted`: one, by the weights of the zones in their order; `by-client`: one, by the network of the client (RFC 7871).
 */
export type RoutingScript =
  | { readonly kind: 'fixed' }
  | { readonly kind: 'rotated' }
  | { readonly kind: 'multivalue'; readonly size: number }
  | { readonly kind: 'weighted'; readonly weights: readonly number[] }
  | { readonly kind: 'by-client' };

export interface WorldScript {
  readonly zones: readonly ZoneScript[];
  readonly nameServers: readonly NameServerScript[];
  readonly rootServers: readonly UpperServerScript[];
  /** Servers of `example`. */
  readonly registryServers: readonly UpperServerScript[];
  readonly delegation: DelegationScript;
  readonly resolver: { readonly address: string; readonly fault: DnsFault };
  /** How the name servers of kms.example choose among the addresses. */
  readonly policy: RoutingScript;
  /** Lifetime of address and alias records. */
  readonly ttlSeconds: number;
  /** Aliases, first label to full target: `{ api: 'lb.kms.example' }`. The addresses are at kms.example, `lb` and each zone's label. */
  readonly aliases: Readonly<Record<string, string>>;
  /** TXT records of kms.example, in UTF-8, each at most 255 bytes: hostile ones are welcome. */
  readonly texts: readonly string[];
  /** CAA records of kms.example (RFC 8659). */
  readonly caa: readonly CaaScript[];
  /** HTTPS records (RFC 9460). */
  readonly services: readonly ServiceScript[];
  /** Seed of jitter and garbage. */
  readonly seed: number;
}

export interface CaaScript {
  readonly flags: number;
  readonly tag: 'issue' | 'issuewild' | 'iodef';
  readonly value: string;
}

export interface ServiceScript {
  /** Owner, in full. */
  readonly name: string;
  /** 0 is alias mode, without parameters. */
  readonly priority: number;
  /** `.` is the owner itself. */
  readonly target: string;
  readonly alpn: readonly string[];
  readonly port: number | null;
  readonly ipv4Hint: readonly string[];
}

const host = (name: string, delayMs: number, status = 200): HostScript => ({
  name,
  status,
  delayMs,
  headers: [],
  body: null,
});

const zone = (
  script: Pick<ZoneScript, 'name' | 'label' | 'address' | 'daysLeft' | 'delayMs' | 'hosts'>,
): ZoneScript => ({
  certificate: 'valid',
  key: 'ec',
  tls: { min: 'TLSv1.2', max: 'TLSv1.3' },
  alpn: ['h2', 'http/1.1'],
  jitterMs: script.delayMs / 4,
  fault: 'none',
  ...script,
});

const zoneA = zone({
  name: 'kms-az1',
  label: 'zone-a',
  address: '127.0.10.1',
  daysLeft: 78,
  delayMs: 1,
  hosts: [host('kms-host-1', 3), host('kms-host-2', 3)],
});
const zoneB = zone({
  name: 'kms-az2',
  label: 'zone-b',
  address: '127.0.20.1',
  daysLeft: 71,
  delayMs: 5,
  hosts: [host('kms-host-3', 4), host('kms-host-4', 4)],
});
const zoneC = zone({
  name: 'kms-az3',
  label: 'zone-c',
  address: '127.0.30.1',
  daysLeft: 63,
  delayMs: 8,
  hosts: [host('kms-host-5', 4)],
});

const nameServer = (label: string, address: string): NameServerScript => ({
  label,
  address,
  serial: 2_026_110_101,
  fault: 'none',
  lacks: [],
});

const upperServer = (label: string, address: string): UpperServerScript => ({ label, address, fault: 'none' });

/** A world with nothing wrong. */
export const healthyScript: WorldScript = {
  zones: [zoneA, zoneB, zoneC],
  nameServers: [nameServer('ns1', '127.0.53.1'), nameServer('ns2', '127.0.53.2')],
  rootServers: [upperServer('a.root', '127.0.53.101'), upperServer('b.root', '127.0.53.102')],
  registryServers: [upperServer('a.nic', '127.0.53.111'), upperServer('b.nic', '127.0.53.112')],
  delegation: { nameServers: null, glue: {}, ttlSeconds: 86_400 },
  resolver: { address: '127.0.53.53', fault: 'none' },
  policy: { kind: 'fixed' },
  ttlSeconds: 60,
  aliases: { www: 'kms.example', api: 'lb.kms.example' },
  texts: ['v=spf1 -all'],
  caa: [],
  services: [],
  seed: 1,
};

/** The demo: az1 keeps a sick host in rotation, az2 was left out of the certificate's renewal, az3 waits for a slow database. */
export const demoScript: WorldScript = {
  ...healthyScript,
  zones: [
    { ...zoneA, hosts: [host('kms-host-1', 3), host('kms-host-2', 1, 503)] },
    { ...zoneB, certificate: 'expiring', daysLeft: 6 },
    { ...zoneC, hosts: [host('kms-host-5', 72)] },
  ],
};

/** The script with some properties of one zone changed: `withZone(healthyScript, 'kms-az2', { certificate: 'expired', daysLeft: -3 })`. */
export function withZone(script: WorldScript, name: string, change: Partial<ZoneScript>): WorldScript {
  return { ...script, zones: script.zones.map((each) => (each.name === name ? { ...each, ...change } : each)) };
}
