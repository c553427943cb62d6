// Signatures at each server of a zone: one that is wrong among good ones, roll-overs, short keys, CDS records; against delv, which asks
// through a resolver that knows one server only.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { gather } from '../../probes/dns/gather.ts';
import { judgement } from '../../probes/dns/judgement.ts';
import { metrics } from '../../probes/dns/metrics.ts';
import { dnsOptionsSchema, dnsPolicySchema } from '../../probes/dns/options.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { parseTarget } from '../../src/model/target.ts';
import { type DnsName, type IpAddress, visible } from '../../src/model/text.ts';
import { now } from '../../src/net/clock.ts';
import { openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter } from '../../src/net/meter.ts';
import type { DnsAddress } from './rig/dns.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { delvState } from './rig/signed.ts';
import { NODE, SERVERS, type SignedWorld, startSignedWorld } from './rig/signed-world.ts';
import { requireTools } from './rig/tools.ts';

const TOOLS = ['nsd', 'unbound', 'delv', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-dsfromkey', 'setpriv'];
const GOOD = ['holds', 'holds', 'holds'];

describe.skipIf(!requireTools(TOOLS))('signatures at each server', () => {
  let rig: Rig;
  let world: SignedWorld;
  beforeAll(async () => {
    rig = await openRig();
    world = await startSignedWorld(rig);
  });
  afterAll(() => rig.close());

  it.each([
    { name: 'good.test', verdicts: GOOD, found: {} },
    {
      name: 'late.test',
      verdicts: ['holds', 'signature-expired', 'holds'],
      found: { 'dnssec-server-differs': 'warning' },
      words: `ns2.test (${SERVERS[1]}, node ${NODE}) gives DNSKEY of late.test that does not validate: the signature has expired`,
    },
    {
      name: 'bare.test',
      verdicts: ['holds', 'holds', 'no-keys'],
      found: { 'dnssec-server-differs': 'warning' },
      words: `ns3.test (${SERVERS[2]}) gives DNSKEY of bare.test that does not validate`,
    },
    {
      name: 'other.test',
      verdicts: ['holds', 'holds', 'no-matching-key'],
      found: { 'dnssec-server-differs': 'warning' },
      words: `ns3.test (${SERVERS[2]})`,
    },
    {
      name: 'roll.test',
      verdicts: GOOD,
      found: { 'ds-without-key': 'notice' },
      words: 'which the zone does not publish',
    },
    { name: 'short.test', verdicts: GOOD, found: { 'dnssec-short-key': 'notice' }, words: '(RSASHA256, 1024 bits)' },
    { name: 'cds.test', verdicts: GOOD, found: { 'cds-differs': 'warning' }, words: 'key 4711' },
    { name: 'delete.test', verdicts: GOOD, found: { 'cds-differs': 'notice' }, words: 'delete the DS records' },
    { name: 'optout.test', verdicts: GOOD, found: {} },
    // The alias is made from a DNAME record, which alone is signed (RFC 6672 5.3.1).
    { name: 'x.d.moved.test', verdicts: GOOD, found: {} },
    // Neither A nor AAAA: what is signed is the proof.
    { name: 'www.good.test', verdicts: GOOD, found: {} },
    {
      name: 'gone.test',
      verdicts: ['signature-expired', 'signature-expired', 'signature-expired'],
      found: { 'dnssec-bogus': 'critical' },
    },
  ])('of $name: $found, each as delv says', async ({ name, verdicts, found, words = '' }) => {
    const dns = await look(name, world.alone[0]);
    const servers = dns.dnssecDetail?.servers ?? [];
    // Each server once, whatever the order of the zone's list.
    expect(servers.map(({ address }) => address).toSorted()).toEqual([...SERVERS]);
    const told = SERVERS.map((address) => servers.find((one) => one.address === address)?.sets ?? []);
    expect(told.map((sets) => sets.find(({ fault }) => fault !== null)?.fault ?? 'holds')).toEqual(verdicts);
    const said = await Promise.all(world.alone.map((resolver) => delvState(resolver, world.delvAnchor, name)));
    expect(said).toEqual(verdicts.map((verdict) => (verdict === 'holds' ? 'secure' : 'bogus')));
    const findings = findingsOf(dns);
    expect(Object.fromEntries(findings.map(({ id, severity }) => [id, severity]))).toEqual(found);
    expect(findings.map(({ what }) => what).join()).toContain(words);
  });

  it('says of a resolver that asked the bad server that others are good', async () => {
    const dns = await look('late.test', world.alone[1]);
    expect([dns.dnssec, dns.dnssecDetail?.reason]).toEqual(['bogus', 'signature-expired']);
    const findings = findingsOf(dns);
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([
      ['dnssec-bogus', 'warning'],
      ['dnssec-server-differs', 'warning'],
    ]);
    expect(findings[0]?.what).toContain('2 of 3 name servers give what validates');
  });

  it('knows the first end of a signature at any server', async () => {
    const dns = await look('late.test', world.alone[0]);
    const samples = [...metrics(dns)];
    const ends = samples.filter(({ family }) => family === 'journey_dns_signature_expiry_timestamp_seconds');
    const late = ends.find(({ labels }) => labels['dns_zone'] === 'late.test')?.value;
    expect(late).toBeLessThan(Date.now() / 1000);
    expect(ends.find(({ labels }) => labels['dns_zone'] === 'test')?.value).toBeGreaterThan(Date.now() / 1000);
  });

  it('tells that unsigned delegations are left out of the proofs, and what this makes of one', async () => {
    const dns = await look('optout.test', world.alone[0]);
    expect(dns.dnssecDetail?.zones.at(-1)).toMatchObject({ zone: 'optout.test', denial: 'nsec3', optOut: true });
    const below = await look('sub.optout.test', world.alone[0]);
    expect([below.dnssec, below.dnssecDetail?.reason]).toEqual(['insecure', 'opt-out']);
    expect(await delvState(world.alone[0], world.delvAnchor, 'sub.optout.test')).toBe('insecure');
  });

  it('tells CDS and CDNSKEY of the zone that follows its own key', async () => {
    const { dnssecDetail } = await look('good.test', world.alone[0]);
    const [key] = dnssecDetail?.zones.at(-1)?.keys ?? [];
    for (const { cds, cdnskey } of dnssecDetail?.servers ?? []) {
      expect([...new Set([...(cds ?? []), ...(cdnskey ?? [])].map(({ tag }) => tag))]).toEqual([key?.tag]);
      expect([...(cds ?? []), ...(cdnskey ?? [])].every(({ hasKey }) => hasKey)).toBe(true);
    }
  });

  it.each([
    ['good.test', 'secure'],
    ['gone.test', 'bogus'],
    ['sub.optout.test', 'insecure'],
  ])('%s is %s by its servers, where the resolver passes no signatures on', async (name, state) => {
    expect((await look(name, world.stripping, null)).dnssec).toBe('not-checked');
    const dns = await look(name, world.stripping);
    expect([dns.dnssec, dns.dnssecDetail?.askedOf, dns.dnssecDetail?.resolverReason]).toEqual([
      state,
      'authorities',
      'no-signatures',
    ]);
  });

  /** Without the anchor of this root nothing can be said of it. */
  async function look(name: string, at: DnsAddress, anchor: string | null = world.anchor): Promise<DnsEvidence> {
    const resolver = { address: at.address as IpAddress, port: at.port };
    const client = openDnsClient({ resolvers: [resolver], timeoutMs: 2_000, families: [4], meter: createMeter() });
    const { signal } = new AbortController();
    const attempt = await gather({
      target: parseTarget(name),
      startedAtMs: Date.now(),
      endpoints: [],
      lookup: await client.lookup(name as DnsName, signal),
      ride: { traces: [], lookups: [], certificates: new Map() },
      options: dnsOptionsSchema.parse({ authorityPort: world.port, policyQueries: 0, trustAnchor: anchor }),
      earlier: {},
      net: { now, dns: client },
      signal,
    });
    await client.close();
    if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
    return attempt.value;
  }
});

const words = (phrase: Phrase): string =>
  phrase.map((piece) => (typeof piece === 'number' ? `${piece}` : visible(piece))).join('');

/** Of the checks of this file's subject. */
function findingsOf(dns: DnsEvidence) {
  const target = parseTarget(dns.name);
  const given = { policy: dnsPolicySchema.parse({}), asOfMs: Date.now(), target, endpoints: [], hops: [] };
  return judgement.checks
    .filter(({ id }) => /^(dnssec-|ds-|cds-|signature-|nsec3-)/.test(id))
    .flatMap((check) => {
      const judged = check.judge({ dns }, given);
      const seen = judged.outcome === 'found' ? judged.seen : [];
      return seen.map((one) => ({ id: check.id, severity: one.severity ?? check.severity, what: words(one.what) }));
    });
}
