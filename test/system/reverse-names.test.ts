// Zones by the names that addresses carry, with real servers of the reverse zone: what they tell, what must not be believed, and when nobody is asked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerEvidence } from '../../probes/balancer/evidence.ts';
import type { Journey } from '../../src/model/journey.ts';
import { startNsd, startUnbound } from './rig/dns.ts';
import { type Namespaces, openNamespaces } from './rig/namespaces.ts';
import { dig } from './rig/peers.ts';
import { probe, probeArgv, ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { openRig, outputOf, type Rig } from './rig/rig.ts';
import { requireNamespaces, requireTools } from './rig/tools.ts';
import { startNginx } from './rig/web.ts';

const NET = '10.77.0';
/** Its reverse zone is given to a server that never answers. */
const DARK = '10.77.9';
const RESOLVER = { address: `${NET}.53`, port: 53 };
const AUTHORITY = { address: `${NET}.11`, port: 53 };
const HOLE = { address: `${NET}.99`, port: 53 };
const SOA = (ns: string) => `@ IN SOA ${ns} hostmaster 1 7200 3600 1209600 300\n@ IN NS ${ns}\n`;

const FORWARD = `$ORIGIN kms.test.
$TTL 60
${SOA('ns1')}ns1 IN A ${AUTHORITY.address}
@ IN A ${NET}.21
@ IN A ${NET}.22
@ IN A ${NET}.23
lb-az1.net IN A ${NET}.21
lb-az2.net IN A ${NET}.22
lb-az3.net IN A ${NET}.23
liar IN A ${NET}.31
liar IN A ${NET}.32
liar IN A ${NET}.33
web-az1.net IN A ${NET}.31
web-az2.net IN A ${NET}.32
web-az3.net IN A ${NET}.21
cloud IN A ${NET}.51
cloud IN A ${NET}.52
odd IN A ${NET}.41
odd IN A ${NET}.42
dark IN A ${DARK}.61
dark IN A ${DARK}.62
`;

const REVERSE = `$ORIGIN 0.77.10.in-addr.arpa.
$TTL 60
${SOA('ns1.kms.test.')}21 IN PTR lb-az1.net.kms.test.
22 IN PTR lb-az2.net.kms.test.
23 IN PTR lb-az3.net.kms.test.
31 IN PTR web-az1.net.kms.test.
32 IN PTR web-az2.net.kms.test.
33 IN PTR web-az3.net.kms.test.
41 IN PTR \\027[31mred\\010-az1.kms.test.
42 IN PTR <script>alert\\(1\\)</script>.kms.test.
51 IN PTR ec2-10-77-0-51.eu-west-1.compute.amazonaws.com.
52 IN PTR ec2-10-77-0-52.eu-west-1.compute.amazonaws.com.
`;

const CLOUD = `$ORIGIN eu-west-1.compute.amazonaws.com.
$TTL 60
${SOA('ns1.kms.test.')}ec2-10-77-0-51 IN A ${NET}.51
ec2-10-77-0-52 IN A ${NET}.99
`;

const WEB = [21, 22, 23, 31, 32, 33, 41, 42, 51, 52].map((last) => `${NET}.${last}`);
const DARK_WEB = [61, 62].map((last) => `${DARK}.${last}`);

describe.skipIf(!requireTools(['ip', 'nsd', 'unbound', 'nginx', 'dig', 'curl']) || !requireNamespaces())(
  'names that addresses carry',
  () => {
    let rig: Rig;
    let net: Namespaces;
    beforeAll(async () => {
      rig = await openRig();
      net = await openNamespaces(rig, [RESOLVER.address, AUTHORITY.address, ...WEB, ...DARK_WEB]);
      await net.blackHole(HOLE.address);
      await startNsd(rig, net.server, AUTHORITY, [
        { name: 'kms.test', text: FORWARD },
        { name: '0.77.10.in-addr.arpa', text: REVERSE },
        { name: 'eu-west-1.compute.amazonaws.com', text: CLOUD },
      ]);
      const zones = ['kms.test', '0.77.10.in-addr.arpa', 'eu-west-1.compute.amazonaws.com'];
      const served = zones.map((name) => ({ name, servers: [AUTHORITY] }));
      const dark = { name: '9.77.10.in-addr.arpa', servers: [HOLE] };
      await startUnbound(rig, net.server, RESOLVER, [...served, dark], ['unblock-lan-zones: yes']);
      const listens = [...WEB, ...DARK_WEB].map((address) => `    listen ${address}:80;`).join('\n');
      const web = `  server {\n${listens}\n    location / { return 200 ok; }\n  }`;
      await startNginx(rig, net.server, 'web', { address: `${NET}.21`, port: 80 }, web);
    });
    afterAll(() => rig.close());

    /** What is asked of DNS is the lookups and the names alone: all else that asks is left out. */
    const args = (name: string, ...more: readonly string[]): readonly string[] => {
      const target = `http://${name === '' ? '' : `${name}.`}kms.test/`;
      const resolver = ['--resolver', `${RESOLVER.address}#${RESOLVER.port}`];
      return [target, '-n', '1', '-4', '--only', 'balancer,hosts', ...resolver, ...more];
    };
    const rideTo = async (name: string, ...more: readonly string[]): Promise<Journey> =>
      (await ride(args(name, ...more), net.client)).journey;
    const zonesOf = (journey: Journey) =>
      journey.endpoints.map(({ address, zone, zoneSource }) => [address, zone, zoneSource]);
    const namesIn = (journey: Journey) => evidenceOf<BalancerEvidence>(journey, 'balancer').reverseNames;

    it('tell the zones where they differ in these alone, and dig reads the same names', async () => {
      const journey = await rideTo('');
      const zones = [1, 2, 3].map((az) => [`${NET}.2${az}`, `az${az}`, 'reverse-name']);
      expect(zonesOf(journey)).toEqual(zones);
      const told = await Promise.all(
        [21, 22, 23].map((last) => dig(RESOLVER, `${last}.0.77.10.in-addr.arpa`, 'PTR', net.client)),
      );
      const names = told.map(([record]) => record?.data.replace(/\.$/, ''));
      expect(namesIn(journey)?.map(({ name, confirmed, used }) => ({ name, confirmed, used }))).toEqual(
        names.map((name) => ({ name, confirmed: true, used: true })),
      );
      expect(new Set(journey.hops.flatMap(({ zone }) => zone ?? []))).toEqual(new Set(['az1', 'az2', 'az3']));
    });

    it('are told as what they are: a hint, with the way to say it for sure', async () => {
      const { stdout } = await probe(args('', '--no-color'), net.client);
      const text = stdout.replace(/\s+/g, ' ');
      expect(text).toContain('3 endpoints in 3 zones (by the names of addresses)');
      expect(text).toContain(`az1 ${NET}.21, az2 ${NET}.22, az3 ${NET}.23`);
      expect(text).toContain('a hint, no proof');
    });

    it('count only where they lead back to their address', async () => {
      const journey = await rideTo('liar');
      expect(zonesOf(journey)).toEqual([
        [`${NET}.31`, 'az1', 'reverse-name'],
        [`${NET}.32`, 'az2', 'reverse-name'],
        [`${NET}.33`, null, null],
      ]);
      expect(namesIn(journey)?.map(({ confirmed, zone }) => [confirmed, zone])).toEqual([
        [true, 'az1'],
        [true, 'az2'],
        [false, null],
      ]);
    });

    it('tell a region, which is no zone, by the form of its cloud', async () => {
      const journey = await rideTo('cloud');
      expect(journey.endpoints.map(({ zone }) => zone)).toEqual([null, null]);
      expect(namesIn(journey)?.map(({ region, operator, confirmed }) => [region, operator, confirmed])).toEqual([
        ['eu-west-1', 'AWS', true],
        [null, null, false],
      ]);
    });

    it('are shown without what a terminal or a page would act on', async () => {
      const journey = await rideTo('odd');
      expect(namesIn(journey)).toHaveLength(2);
      expect(zonesOf(journey).map(([, zone]) => zone)).toEqual([null, null]);
      const text = (await probe(args('odd', '-v'), net.client)).stdout;
      expect(text).toContain('red\\010-az1.kms.test');
      expect(text).toContain('<script>alert(1)</script>.kms.test');
      // oxlint-disable-next-line no-control-regex -- the terminal's escape is what must not come through
      expect(text).not.toMatch(/\u001b/);
      const page = (await probe(args('odd', '--format', 'html'), net.client)).stdout;
      expect(page).toContain('alert');
      expect(page).not.toContain('<script>alert');
    });

    it('hold nothing up where their servers are silent', async () => {
      const journey = await rideTo('dark', '--timeout', '20s');
      expect(journey.complete).toBe(true);
      expect(zonesOf(journey).map(([, zone]) => zone)).toEqual([null, null]);
      expect(namesIn(journey)).toEqual([]);
      // A step may take 20 s, the names one.
      expect(journey.durationMs).toBeLessThan(15_000);
    });

    it('are not asked for where nobody wants them, or nobody needs them', async () => {
      const queries = async (...more: readonly string[]) => (await rideTo('', ...more)).budget.dnsQueries;
      const plain = await queries('--no-reverse-names');
      // PTR of three addresses, and A of each name.
      expect(await queries()).toBe(plain + 6);
      const all = [1, 2, 3].flatMap((az) => ['--zone', `z${az}=${NET}.2${az}`]);
      expect(await queries(...all)).toBe(plain);
      expect(await queries('--skip', 'balancer')).toBe(plain);
    });

    it('go behind every other source', async () => {
      const journey = await rideTo('', '--zone', `mine=${NET}.22`);
      expect(zonesOf(journey)).toEqual([
        [`${NET}.21`, 'az1', 'reverse-name'],
        [`${NET}.22`, 'mine', 'flag'],
        [`${NET}.23`, 'az3', 'reverse-name'],
      ]);
      expect(namesIn(journey)?.map(({ used }) => used)).toEqual([true, false, true]);
    });

    it('are asked for by the agent only where its file says so', async () => {
      const only = 'only: [balancer]';
      const target = (name: string, more: string) =>
        `  - { target: 'http://kms.test/', name: ${name}, ${only}, resolvers: ['${RESOLVER.address}'], samples: 1${more} }\n`;
      const targets = target('plain', '') + target('asks', ', reverseNames: true');
      const file = await rig.write('agent.yml', `schedule: { interval: 2s }\ntargets:\n${targets}`);
      const page = ['curl', '-sf', 'http://127.0.0.1:9115/metrics'];
      const both = ['plain', 'asks'].map((name) => `grep -q 'journey_endpoints{.*target="${name}"'`);
      await rig.start({
        ...{ name: 'agent', place: net.client, argv: probeArgv(['serve', '--config', file]) },
        answers: ['sh', '-c', both.map((seen) => `${page.join(' ')} | ${seen}`).join(' && ')],
      });
      const metrics = await outputOf([...net.client, ...page]);
      const zones = (name: string) =>
        [...metrics.matchAll(/^journey_endpoints\{([^}]*)\}/gm)]
          .map(([, labels = '']) => labels)
          .filter((labels) => labels.includes(`target="${name}"`))
          .map((labels) => /zone="([^"]*)"/.exec(labels)?.[1]);
      expect(zones('plain')).toEqual(['']);
      expect(new Set(zones('asks'))).toEqual(new Set(['az1', 'az2', 'az3']));
    });

    it('stand in the plan, which sends nothing', async () => {
      const asked = await probe(args('', '--plan'), net.client);
      expect(asked.stdout.replace(/\s+/g, ' ')).toContain('PTR of at most 16 addresses');
      const not = await probe(args('', '--plan', '--no-reverse-names'), net.client);
      expect(not.stdout).not.toContain('PTR');
    });
  },
);
