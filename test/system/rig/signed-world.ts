// Owns a signed DNS tree on loopback addresses: root and test on one server, the zones below on three, each wrong in a way of its own.
// Resolvers: for each of the three one that asks no other, and one that passes no signatures on.
import { type DnsAddress, startNsd, startUnbound, type Zone } from './dns.ts';
import { freePort } from './ports.ts';
import { HERE, type Rig } from './rig.ts';
import { type SignedZone, type SignOptions, signZone, trustAnchorsOf } from './signed.ts';

const UPPER = '127.0.65.1';
export const SERVERS = ['127.0.65.11', '127.0.65.12', '127.0.65.13'] as const;
const STRIPPING = '127.0.65.60';
const ALONE = ['127.0.65.51', '127.0.65.52', '127.0.65.53'] as const;

/** The same root and test, without a signature. */
const BARE = '127.0.65.2';

/** What the second server calls itself. */
export const NODE = 'fra2';

export interface SignedWorld {
  readonly port: number;
  /** For each of the three servers one that asks no other. */
  readonly alone: readonly [DnsAddress, DnsAddress, DnsAddress];
  /** Meets root and test without signatures, so that it has none to give. */
  readonly stripping: DnsAddress;
  /** DNSKEY record of the root, and the same as delv reads it. */
  readonly anchor: string;
  readonly delvAnchor: string;
}

const EC = { algorithm: 'ECDSAP256SHA256' } as const;
/** Validators allow for clocks that are a day wrong. */
const PAST = { from: 'now-1728000', until: 'now-259200' } as const;

/** The same on all servers, unless another is told for one of them; and the DS records of the parent beside its own. */
interface Signed {
  readonly zone: SignedZone;
  readonly second?: Zone;
  readonly third?: Zone;
  readonly ds?: string;
}

function zoneText(zone: string, lines = ''): string {
  const servers = ['ns1', 'ns2', 'ns3'].map((name) => `@ IN NS ${name}.test.\n`).join('');
  return `$TTL 300\n$ORIGIN ${zone}.\n@ IN SOA ns1.test. admin.test. 7 3600 600 1209600 60\n${servers}@ 60 IN A 192.0.2.7\n${lines}\n`;
}

async function zones(rig: Rig): Promise<readonly Signed[]> {
  const plain = (name: string, options: SignOptions = EC, lines = '') =>
    signZone(rig, name, zoneText(name, lines), options);
  const again = (zone: SignedZone, options: Partial<SignOptions>, lines = '') =>
    plain(zone.name, { ...EC, like: zone, ...options }, lines);
  const [good, late, bare, other, roll] = await Promise.all([
    plain('good.test', { ...EC, sync: true }),
    plain('late.test'),
    plain('bare.test'),
    plain('other.test'),
    plain('roll.test'),
  ]);
  return [
    { zone: good },
    { zone: late, second: await again(late, PAST) },
    { zone: bare, third: { name: 'bare.test', text: zoneText('bare.test') } },
    { zone: other, third: await plain('other.test') },
    { zone: roll, ds: (await plain('roll.test')).ds },
    { zone: await plain('short.test', { algorithm: 'RSASHA256', bits: 1024 }) },
    { zone: await plain('cds.test', EC, `@ IN CDS 4711 13 2 ${'ab'.repeat(32)}`) },
    { zone: await plain('delete.test', EC, '@ IN CDS 0 0 0 00\n@ IN CDNSKEY 0 3 0 AA==') },
    { zone: await plain('optout.test', { ...EC, nsec3: 'opt-out' }, 'sub IN NS ns1.test.') },
    { zone: await plain('moved.test', EC, 'd IN DNAME t\nx.t IN A 192.0.2.8') },
    { zone: await plain('gone.test', { ...EC, ...PAST }) },
  ];
}

export async function startSignedWorld(rig: Rig): Promise<SignedWorld> {
  const port = await freePort([UPPER, BARE, ...SERVERS, ...ALONE, STRIPPING]);
  const at = (address: string): DnsAddress => ({ address, port });
  const signed = await zones(rig);
  const cuts = signed.map(({ zone, ds }) => {
    const servers = ['ns1', 'ns2', 'ns3'].map((name) => `${zone.name}. IN NS ${name}.test.\n`);
    return `${servers.join('')}${zone.ds}\n${ds ?? ''}\n`;
  });
  const glue = SERVERS.map((address, index) => `ns${index + 1} IN A ${address}\n`).join('');
  const head = (zone: string) =>
    `$TTL 300\n$ORIGIN ${zone}\n@ IN SOA ns.test. admin.test. 1 3600 600 1209600 60\n@ IN NS ns.test.\n`;
  const topText = `${head('test.')}ns IN A ${UPPER}\n${glue}${cuts.join('')}`;
  const top = await signZone(rig, 'test', topText, EC);
  const rootText = `${head('.')}test. IN NS ns.test.\nns.test. IN A ${UPPER}\n${top.ds}\n`;
  const root = await signZone(rig, '.', rootText, EC);
  // As a resolver without DNSSEC sees them.
  const bare = [
    { name: '.', text: rootText },
    { name: 'test', text: topText },
  ];
  await startNsd(rig, HERE, at(BARE), bare);
  // What is delegated without a signature below optout.test.
  const sub = { name: 'sub.optout.test', text: zoneText('sub.optout.test') };
  await startNsd(rig, HERE, at(UPPER), [root, top]);
  const on = (pick: (one: Signed) => Zone | undefined) => [...signed.map((one) => pick(one) ?? one.zone), sub];
  await startNsd(
    rig,
    HERE,
    at(SERVERS[0]),
    on(() => undefined),
  );
  await startNsd(
    rig,
    HERE,
    at(SERVERS[1]),
    on(({ second }) => second),
    [`nsid: "ascii_${NODE}"`],
  );
  await startNsd(
    rig,
    HERE,
    at(SERVERS[2]),
    on(({ third }) => third),
  );
  const below = (servers: readonly string[], upper = UPPER) => [
    ...[root, top].map(({ name }) => ({ name, servers: [at(upper)] })),
    ...[...signed.map(({ zone }) => zone), sub].map(({ name }) => ({ name, servers: servers.map(at) })),
  ];
  await startUnbound(rig, HERE, at(STRIPPING), below(SERVERS, BARE));
  for (const [index, address] of ALONE.entries()) {
    await startUnbound(rig, HERE, at(address), below([SERVERS[index] ?? SERVERS[0]]));
  }
  return {
    ...{ port, alone: [at(ALONE[0]), at(ALONE[1]), at(ALONE[2])], stripping: at(STRIPPING), anchor: root.key },
    delvAnchor: await rig.write('signed-world-anchor', trustAnchorsOf(root)),
  };
}
