// Owns a DNS tree of the test's own: a root, a top-level domain, their authorities, and a resolver that walks from that root.
// One zone for each way in which a delegation goes wrong. Never forwards, and knows no other root.
import {
  type DnsAddress,
  startAuthorityWithoutTcp,
  startLateServer,
  startNsd,
  startWalkingUnbound,
  type Zone,
} from './dns.ts';
import type { Namespaces } from './namespaces.ts';
import type { Place, Rig } from './rig.ts';

const NETWORK = '10.77.0';

/** Last byte of each address. */
const HOSTS = {
  rootA: 2,
  rootB: 3,
  tldA: 4,
  tldB: 5,
  /** The two authorities of most zones. */
  first: 11,
  second: 12,
  /** A third, for delegations that name it on one side only. */
  third: 13,
  /** Nothing listens for TCP. */
  withoutTcp: 14,
  /** The address is there, no server is. */
  closed: 15,
  /** Answers as `first`, after `LATE_MS`. */
  late: 16,
  resolver: 53,
  /** No machine has it. */
  hole: 99,
} as const;
type Host = keyof typeof HOSTS;

/** TTLs in seconds: an address can move within a minute, which is what the dns probe asks for. */
export const TTL = { address: 60, alias: 60, nameServers: 3600, delegation: 7200 } as const;
const SERIAL = 2_026_112_102;
/** Longer than resolvers wait before they ask another server, shorter than `--timeout` by default. */
export const LATE_MS = 3_000;
/** 28 bytes each in an answer: more than fits in 1,232 bytes, the usual bound of a datagram (RFC 9715 3.1). */
const MANY = 60;

/** The names of a zone's servers, each with the host that has it. */
type NameServers = Readonly<Record<string, Host>>;
const TWO: NameServers = { ns1: 'first', ns2: 'second' };

/** A version of a zone, and the hosts that serve it. */
interface Version {
  readonly on: readonly Host[];
  readonly serial?: number;
  /** Master file lines beside SOA, NS and their addresses. */
  readonly lines: readonly string[];
}

interface Branch {
  /** As the parent delegates; the addresses are its glue. */
  readonly above: NameServers;
  /** As its second server does, where that is another. */
  readonly aboveToo?: NameServers;
  /** Name servers that the parent names without an address. */
  readonly aboveElsewhere?: readonly string[];
  /** As the zone itself lists them. */
  readonly own: NameServers;
  readonly versions: readonly Version[];
}

const KMS = [`kms ${TTL.address} IN A 192.0.2.10`, `kms ${TTL.address} IN A 192.0.2.11`];
const BOTH = ['first', 'second'] as const;

function plain(lines: readonly string[]): Branch {
  return { above: TWO, own: TWO, versions: [{ on: BOTH, lines }] };
}

/** Where only the second server is other than it should be. */
function second(host: Host, on: readonly Host[]): Branch {
  const names: NameServers = { ns1: 'first', ns2: host };
  return { above: names, own: names, versions: [{ on, lines: KMS }] };
}

/** Below `example`. */
const BRANCHES = {
  kms: plain([`@ ${TTL.address} IN A 192.0.2.10`, `@ ${TTL.address} IN A 192.0.2.11`]),
  stale: {
    above: TWO,
    own: TWO,
    versions: [
      { on: ['first'], lines: KMS },
      { on: ['second'], serial: SERIAL - 1, lines: [KMS[0] ?? ''] },
    ],
  },
  lame: second('second', ['first']),
  mismatch: {
    above: TWO,
    own: { ns1: 'first', ns3: 'third' },
    versions: [{ on: [...BOTH, 'third'], lines: KMS }],
  },
  glue: {
    above: { ns1: 'first', ns2: 'third' },
    own: TWO,
    versions: [{ on: [...BOTH, 'third'], lines: KMS }],
  },
  loop: plain([`kms ${TTL.alias} IN CNAME other`, `other ${TTL.alias} IN CNAME kms`]),
  dangling: plain([`kms ${TTL.alias} IN CNAME gone.kms.example.`]),
  many: plain(Array.from({ length: MANY }, (_, index) => `kms ${TTL.address} IN AAAA 2001:db8::${index + 1}`)),
  udp: second('withoutTcp', ['first', 'withoutTcp']),
  silent: second('hole', ['first']),
  closed: second('closed', ['first']),
  late: second('late', ['first']),
  torn: {
    above: TWO,
    aboveToo: { ns1: 'first', ns3: 'third' },
    own: TWO,
    versions: [{ on: [...BOTH, 'third'], lines: KMS }],
  },
  broken: { above: TWO, own: TWO, versions: [] },
  dead: { above: { ns1: 'hole', ns2: 'closed' }, own: TWO, versions: [] },
  free: { ...plain(KMS), aboveElsewhere: ['ns.nobody.example.'] },
  ring: { above: {}, aboveElsewhere: ['ns.gnir.example.'], own: TWO, versions: [] },
  gnir: { above: {}, aboveElsewhere: ['ns.ring.example.'], own: TWO, versions: [] },
} as const satisfies Readonly<Record<string, Branch>>;

export interface Delegation {
  readonly resolver: DnsAddress;
  /** One server of the top-level domain. */
  readonly tld: DnsAddress;
}

/** Every address that the server's side needs. */
export function delegationAddresses(): readonly string[] {
  const hosts = Object.keys(HOSTS) as readonly Host[];
  return hosts.filter((host) => host !== 'hole').map(addressOf);
}

export async function startDelegation(rig: Rig, net: Namespaces): Promise<Delegation> {
  const place = net.server;
  await net.blackHole(addressOf('hole'));
  const tree = [
    startNsd(rig, place, [dnsAt('rootA'), dnsAt('rootB')], [{ name: '.', text: rootText() }]),
    startNsd(rig, place, dnsAt('tldA'), [{ name: 'example', text: tldText(({ above }) => above) }]),
    startNsd(rig, place, dnsAt('tldB'), [{ name: 'example', text: tldText((one) => one.aboveToo ?? one.above) }]),
    ...(['first', 'second', 'third'] as const).map((host) => startNsd(rig, place, dnsAt(host), zonesOn(host))),
    startWithoutTcp(rig, place),
    startLateServer(rig, place, dnsAt('late'), dnsAt('first'), LATE_MS),
  ];
  await Promise.all(tree);
  const hints = ['a', 'b'].map((name, index) => {
    const address = addressOf(index === 0 ? 'rootA' : 'rootB');
    return `. 3600000 NS ${name}.root.\n${name}.root. 3600000 A ${address}\n`;
  });
  await startWalkingUnbound(rig, place, dnsAt('resolver'), hints.join(''));
  return { resolver: dnsAt('resolver'), tld: dnsAt('tldA') };
}

async function startWithoutTcp(rig: Rig, place: Place): Promise<void> {
  const [zone, ...more] = zonesOn('withoutTcp');
  if (zone !== undefined) await startAuthorityWithoutTcp(rig, place, dnsAt('withoutTcp'), [zone, ...more]);
}

function addressOf(host: Host): string {
  return `${NETWORK}.${HOSTS[host]}`;
}

function dnsAt(host: Host): DnsAddress {
  return { address: addressOf(host), port: 53 };
}

function zonesOn(host: Host): readonly Zone[] {
  const branches: readonly (readonly [string, Branch])[] = Object.entries(BRANCHES);
  return branches.flatMap(([label, branch]) =>
    branch.versions
      .filter(({ on }) => on.includes(host))
      .map(({ serial, lines }) => ({
        name: `${label}.example`,
        text: zoneText(`${label}.example`, serial ?? SERIAL, branch.own, lines),
      })),
  );
}

function zoneText(zone: string, serial: number, servers: NameServers, lines: readonly string[]): string {
  return `$ORIGIN ${zone}.
$TTL ${TTL.nameServers}
@ IN SOA ns1 hostmaster ${serial} 7200 3600 1209600 300
${serversText('@', TTL.nameServers, servers)}${lines.join('\n')}
`;
}

/** NS records of the owner, and the addresses of those names below it: with a parent as origin, the glue. */
function serversText(owner: string, ttl: number, servers: NameServers): string {
  const below = owner === '@' ? '' : `.${owner}`;
  return Object.entries(servers)
    .map(
      ([name, host]) =>
        `${owner} ${ttl} IN NS ${name}${below}\n${name}${below} ${TTL.nameServers} IN A ${addressOf(host)}\n`,
    )
    .join('');
}

function rootText(): string {
  return `$ORIGIN .
$TTL 86400
@ IN SOA a.root. hostmaster.root. ${SERIAL} 1800 900 604800 300
${serversText('@', 86_400, { 'a.root': 'rootA', 'b.root': 'rootB' })}${serversText('example', 86_400, { a: 'tldA', b: 'tldB' })}`;
}

function tldText(serversOf: (branch: Branch) => NameServers): string {
  const branches: readonly (readonly [string, Branch])[] = Object.entries(BRANCHES);
  const cuts = branches.map(([label, branch]) => {
    const elsewhere = (branch.aboveElsewhere ?? []).map((name) => `${label} ${TTL.delegation} IN NS ${name}\n`);
    return serversText(label, TTL.delegation, serversOf(branch)) + elsewhere.join('');
  });
  return `$ORIGIN example.
$TTL 86400
@ IN SOA a hostmaster ${SERIAL} 1800 900 604800 300
${serversText('@', 86_400, { a: 'tldA', b: 'tldB' })}${cuts.join('')}`;
}
