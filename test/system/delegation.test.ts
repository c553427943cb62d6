// Delegations that go wrong, each in a zone of its own below a root of the test's own: what is found, and the facts against dig.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence, WalkEnd, ZoneEvidence } from '../../probes/dns/evidence.ts';
import type { Severity } from '../../src/model/finding.ts';
import type { Journey } from '../../src/model/journey.ts';
import { factsByDig, factsOf, lines, parentByDig, parentOf, plain, serversOf } from './rig/authorities.ts';
import { type Delegation, delegationAddresses, LATE_MS, startDelegation } from './rig/delegation.ts';
import { type Namespaces, openNamespaces } from './rig/namespaces.ts';
import { DIRECT, type DigRecord, type DigReply, digReply, digSerial } from './rig/peers.ts';
import { type Ridden, ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireNamespaces, requireTools } from './rig/tools.ts';

const TOOLS = ['ip', 'nsd', 'unbound', 'dig', 'setpriv'];

interface Scenario {
  readonly says: string;
  readonly name: string;
  readonly zone: string;
  /** By finding id. Notices may stand beside them, nothing worse. */
  readonly found: Readonly<Record<string, Severity>>;
  /** Addresses of the zone's servers, those that only one side names included; 2 unless told. */
  readonly servers?: number;
  /** Why the walk ends before a server of the zone answers; null where one does, as unless told. */
  readonly end?: WalkEnd;
  /** Its servers give different addresses: the resolver may give those of either, at each question anew. */
  readonly drawn?: true;
  /** What SERVFAIL of the resolver is about; a ring of aliases unless told. */
  readonly servfail?: 'servfail';
}

const SCENARIOS: readonly Scenario[] = [
  { says: 'nothing of a healthy zone', name: 'kms.example', zone: 'kms.example', found: {} },
  {
    says: 'a stale secondary',
    ...below('stale'),
    drawn: true,
    found: { 'answers-disagree': 'warning', 'serials-disagree': 'notice' },
  },
  { says: 'a server that refuses the zone', ...below('lame'), found: { 'name-server-lame': 'warning' } },
  {
    says: 'an NS set unlike the parent’s',
    ...below('mismatch'),
    found: { 'ns-set-mismatch': 'warning' },
    servers: 3,
  },
  { says: 'a wrong address in the referral', ...below('glue'), found: { 'glue-mismatch': 'warning' } },
  { says: 'a server that is deaf to TCP', ...below('udp'), found: { 'name-server-no-tcp': 'warning' } },
  { says: 'aliases in a ring', ...below('loop'), found: { 'alias-loop': 'critical' } },
  {
    says: 'an alias to a name that is gone',
    ...below('dangling'),
    found: { 'dangling-alias': 'critical' },
  },
  { says: 'nothing of an answer that needs TCP', ...below('many'), found: {} },
  { says: 'a server that is silent', ...below('silent'), found: { 'name-server-lame': 'warning' } },
  { says: 'an address where no server is', ...below('closed'), found: { 'name-server-lame': 'warning' } },
  {
    says: 'servers of the zone above that differ',
    ...below('torn'),
    found: { 'parents-disagree': 'warning', 'ns-set-mismatch': 'warning' },
    servers: 3,
  },
  {
    says: 'a name server in a domain that anybody may register',
    ...below('free'),
    found: { 'name-server-domain-gone': 'critical', 'name-server-lame': 'warning', 'ns-set-mismatch': 'warning' },
  },
  {
    says: 'which servers are to blame for SERVFAIL',
    ...below('broken'),
    found: { 'resolver-failure': 'critical', 'name-server-lame': 'critical' },
    end: 'no-answer',
    servfail: 'servfail',
  },
  {
    says: 'name servers that can only be found by asking themselves',
    ...below('ring'),
    found: { 'resolver-failure': 'critical', 'name-server-lame': 'warning', 'name-server-cycle': 'critical' },
    servers: 0,
    end: 'no-addresses',
    servfail: 'servfail',
  },
];

function below(label: string): Pick<Scenario, 'name' | 'zone'> {
  return { name: `kms.${label}.example`, zone: `${label}.example` };
}

describe.skipIf(!requireTools(TOOLS) || !requireNamespaces())('a delegation', () => {
  let rig: Rig;
  let net: Namespaces;
  let tree: Delegation;
  beforeAll(async () => {
    rig = await openRig();
    net = await openNamespaces(rig, delegationAddresses());
    tree = await startDelegation(rig, net);
  });
  afterAll(() => rig.close());

  it.each(SCENARIOS)(
    'finds $says, and sees what dig sees',
    async ({ name, zone, found, servers = 2, end, servfail, drawn }) => {
      const told = await askedOfResolver(name, ['A', 'AAAA']);
      const { journey, code } = await rideTo(name);
      const dns = evidenceOf<DnsEvidence>(journey, 'dns');

      expect(weighty(journey, Object.keys(found))).toEqual(found);
      expect(code).toBe(Math.max(0, ...Object.values(found).map((severity) => EXIT_CODES[severity])));
      // Aliases that the resolver fails to follow it tells one by one.
      const failed = told.every((reply) => reply?.status === 'SERVFAIL');
      const links = failed ? dns.aliases.map((alias) => askedOfResolver(alias.name, ['CNAME'])) : [];
      if (drawn === true) expect(await askedOfServers(dns, name)).toContainEqual(addressesIn(dns.records));
      else expectLookup(dns, told, (await Promise.all(links)).flat(), servfail ?? 'dns-alias-loop');
      await expectLeaves(dns, zone, servers);
      await expectWalk(dns, end ?? null);
    },
  );

  it('leaves no check of a healthy zone unjudged', async () => {
    const { journey } = await rideTo('kms.example');
    const unjudged = journey.checks.filter(({ outcome }) => outcome === 'not-judged');
    expect({ verdict: journey.verdict, unjudged }).toEqual({ verdict: 'ok', unjudged: [] });
    expect(journey.checks.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id)).toEqual(
      expect.arrayContaining(['glue-mismatch', 'name-server-lame', 'name-server-no-tcp', 'ns-set-mismatch']),
    );
  });

  it.each([
    { patience: '8s', says: 'waits for a server that answers after three seconds, and tells its time' },
    { patience: '1s', says: 'calls it silent where less is waited for' },
  ])('$says, and the walk waits for neither', async ({ patience }) => {
    const { name, zone } = below('late');
    const { journey } = await rideTo(name, patience);
    const dns = evidenceOf<DnsEvidence>(journey, 'dns');
    const [first, late] = leavesOf(dns).flatMap(serversOf);
    const asked = ['+norecurse', '+tries=1', '+time=6'];
    const told = await digReply({ address: late?.address ?? '', port: 53 }, [zone, 'SOA'], asked, net.client);
    expect(told?.flags).toContain('aa');
    expect(first).toMatchObject({ authoritative: true, error: null });
    if (patience === '1s') expect(late).toMatchObject({ rttMs: null, error: 'dns-timeout' });
    else expect(late).toMatchObject({ authoritative: true, serial: first?.serial, error: null });
    // One question, then all the others side by side.
    if (patience === '8s') expect(journey.durationMs).toBeLessThan(2 * 8_000);
    expect(late?.rttMs ?? LATE_MS).toBeGreaterThanOrEqual(LATE_MS);
    expect(dns.walk?.state).toBe('complete');
    expect(dns.walk?.durationMs).toBeLessThan(LATE_MS);
  });

  it('finds the servers to blame where the resolver says nothing at all in time', async () => {
    const { name } = below('dead');
    const { journey } = await rideTo(name, '2s');
    const dns = evidenceOf<DnsEvidence>(journey, 'dns');
    expect(dns.walk).toMatchObject({ found: 'by-walk', at: below('dead').zone, because: 'no-answer' });
    expect(weighty(journey, [])).toEqual({ 'resolver-failure': 'critical', 'name-server-lame': 'critical' });
    const errors = leavesOf(dns)
      .flatMap(serversOf)
      .map(({ error }) => error);
    expect(errors).toEqual(['dns-timeout', 'dns-unreachable']);
  });

  it('reads over TCP what authority and resolver cut in a datagram', async () => {
    const { name } = below('many');
    const { journey } = await rideTo(name);
    const dns = evidenceOf<DnsEvidence>(journey, 'dns');
    const authority = { address: leavesOf(dns).flatMap(serversOf)[0]?.address ?? '', port: 53 };
    const cut = await Promise.all([
      digReply(authority, [name, 'AAAA'], [...DIRECT, '+ignore'], net.client),
      digReply(tree.resolver, [name, 'AAAA'], ['+ignore'], net.client),
    ]);
    const whole = await digReply(authority, [name, 'AAAA'], DIRECT, net.client);
    expect(cut.map((reply) => reply?.flags.includes('tc'))).toEqual([true, true]);
    expect(whole?.transport).toBe('TCP');
    expect(dns.records.map(({ data }) => plain(data)).toSorted()).toEqual(
      whole?.answer.map(({ data }) => data).toSorted(),
    );
  });

  /** Waits shorter than by default, because one server never answers; longer than a busy machine needs. */
  function rideTo(name: string, timeout = '3s'): Promise<Ridden> {
    const bounds = ['-n', '1', '--timeout', timeout];
    const resolver = ['--resolver', `${tree.resolver.address}#${tree.resolver.port}`];
    return ride([name, '--only', 'dns', ...bounds, ...resolver], net.client);
  }

  async function expectLeaves(dns: DnsEvidence, zone: string, count: number): Promise<void> {
    const leaves = leavesOf(dns);
    expect(leaves.map((one) => one.zone)).toContain(zone);
    for (const one of leaves) {
      const servers = serversOf(one);
      expect(servers).toHaveLength(count);
      expect(servers.map(factsOf)).toEqual(
        await Promise.all(servers.map(({ address }) => factsByDig(address, one, net.client))),
      );
      const asked = servers.filter(({ tcp }) => tcp !== undefined);
      const overTcp = asked.map(({ address }) =>
        digReply({ address, port: 53 }, [one.zone, 'SOA'], ['+tcp', ...DIRECT], net.client),
      );
      expect(asked.map(({ tcp }) => tcp?.error === null)).toEqual((await Promise.all(overTcp)).map(Boolean));
    }
  }

  /** Root and top-level domain: their serials, and what they say of the zone below. */
  async function expectWalk({ delegation, walk, canonicalName }: DnsEvidence, because: WalkEnd | null): Promise<void> {
    const leaf = delegation.at(-1);
    const state = because === null ? 'complete' : 'unfinished';
    expect(walk).toMatchObject({ state, because, at: leaf?.zone });
    expect(delegation.map(({ zone }) => zone)).toEqual(['.', 'example', leaf?.zone]);
    expect(canonicalName.endsWith(leaf?.zone ?? '')).toBe(true);
    for (const { zone, parent } of delegation.slice(1)) {
      expect(parent && parentOf(parent)).toEqual(await parentByDig(parent?.server.address ?? '', zone, net.client));
    }
    for (const { zone, nameservers } of delegation.slice(0, -1)) {
      const servers = nameservers.flatMap(({ byAddress }) => byAddress);
      expect(servers.map(({ serial }) => serial)).toEqual(
        await Promise.all(servers.map(({ address }) => digSerial({ address, port: 53 }, zone, net.client))),
      );
      expect(servers).toHaveLength(2);
    }
  }

  /** Patient, because the resolver meets servers that do not answer. */
  function askedOfResolver(name: string, types: readonly string[]): Promise<Replies> {
    const patience = ['+tries=1', '+time=30'];
    return Promise.all(types.map((type) => digReply(tree.resolver, [name, type], patience, net.client)));
  }

  /** What dig gets from each server of the zone. */
  function askedOfServers(dns: DnsEvidence, name: string): Promise<readonly (readonly string[])[]> {
    const addresses = leavesOf(dns).flatMap(({ nameservers }) => nameservers.flatMap((one) => one.addresses));
    return Promise.all(
      addresses.map(async (address) => {
        const reply = await digReply({ address, port: 53 }, [name, 'A'], DIRECT, net.client);
        return addressesIn(reply?.answer ?? []);
      }),
    );
  }
});

function addressesIn(records: readonly { readonly type: string; readonly data: unknown }[]): readonly string[] {
  return records.flatMap(({ type, data }) => (type === 'A' ? [String(data)] : [])).toSorted();
}

const EXIT_CODES: Readonly<Record<Severity, number>> = { notice: 0, warning: 1, critical: 2 };

/** Findings worse than a notice, and the notices that are asked for. */
function weighty({ findings }: Journey, asked: readonly string[]): Readonly<Record<string, Severity>> {
  const kept = findings.filter(({ id, severity }) => severity !== 'notice' || asked.includes(id));
  return Object.fromEntries(kept.map(({ id, severity }) => [id, severity]));
}

/** Zones whose servers were asked for the name: that of the canonical name, and those of the aliases before it. */
function leavesOf({ delegation, aliasZones }: DnsEvidence): readonly ZoneEvidence[] {
  return [...delegation.slice(-1), ...aliasZones];
}

/** How the lookup ends, by what dig is told of both families. */
const ENDS: Readonly<Record<string, string | null>> = { NOERROR: null, NXDOMAIN: 'nxdomain' };

type Replies = readonly (DigReply | null)[];

/** The name as the resolver gives it: the same end and records, with TTLs that only fell between the two questions. */
function expectLookup(dns: DnsEvidence, told: Replies, links: Replies, servfail: string): void {
  const records = [...told, ...links].flatMap((reply) => reply?.answer ?? []);
  const withoutTtl = (all: readonly DigRecord[]): readonly string[] =>
    lines(all.map((one) => ({ ...one, ttlSeconds: 0 })));
  expect(told.map((reply) => (reply?.status === 'SERVFAIL' ? servfail : ENDS[reply?.status ?? '']))).toEqual(
    told.map(() => dns.lookup.problem?.code ?? null),
  );
  expect(withoutTtl(dns.records.map((one) => ({ ...one, data: plain(one.data) })))).toEqual(withoutTtl(records));
  for (const { name, type, ttlSeconds } of dns.records) {
    const whole = records.filter((one) => one.name === name && one.type === type).map((one) => one.ttlSeconds);
    const after = links.length > 0;
    if (after) expect(ttlSeconds).toBeGreaterThanOrEqual(Math.min(...whole));
    else expect(ttlSeconds).toBeLessThanOrEqual(Math.max(...whole));
  }
}
