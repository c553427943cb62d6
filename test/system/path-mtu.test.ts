// Packets of full size over a link that takes only 1280 bytes: told by its routers, kept to themselves on the way there, or on the way back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PathEvidence } from '../../probes/path/evidence.ts';
import { createPki } from './rig/pki.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { openRouters, type Routers, TARGET } from './rig/routers.ts';
import { requireNamespaces, requireTools } from './rig/tools.ts';

const NARROW = 1280;
const FULL = 1500;
const SERVER = `
const { readFileSync } = require('node:fs');
require('node:http').createServer((q, a) => a.end('ok')).listen(80, '::');
const tls = { key: readFileSync(process.argv[1]), cert: readFileSync(process.argv[2]) };
require('node:https').createServer(tls, (q, a) => a.end('ok')).listen(443, '::');
`;
const ONLY = ['-n', '3', '--rate', '1', '--only', 'path,balancer', '--insecure', '--timeout', '3s'];

type Full = NonNullable<PathEvidence['byEndpoint'][number]['fullSize']>;

describe.skipIf(!requireTools(['ip', 'ping', 'setpriv', 'sysctl', 'openssl']) || !requireNamespaces())(
  'packets of full size',
  () => {
    let rig: Rig;
    let routers: Routers;
    beforeAll(async () => {
      rig = await openRig();
      routers = await openRouters(rig);
      const pki = await createPki(rig);
      const leaf = await pki.leaf('narrow', { key: 'rsa' });
      const key = await rig.write('narrow.key', leaf.keyPem);
      const chain = await rig.write(
        'narrow.pem',
        leaf.certificatePem + pki.lower.certificatePem + pki.upper.certificatePem,
      );
      const answers = [
        process.execPath,
        '-e',
        'require("node:net").connect(443, "::1").on("connect", () => process.exit(0))',
      ];
      const argv = [process.execPath, '-e', SERVER, key, chain];
      await rig.start({ name: 'server', place: routers.target, argv, answers });
    });
    afterAll(() => rig.close());

    const urlOf = (scheme: 'http' | 'https', family: 4 | 6): string =>
      `${scheme}://${family === 4 ? TARGET[4] : `[${TARGET[6]}]`}/`;

    async function tried(scheme: 'http' | 'https', family: 4 | 6) {
      const { journey } = await ride([urlOf(scheme, family), ...ONLY], routers.nobody);
      const [path] = evidenceOf<PathEvidence>(journey, 'path').byEndpoint;
      const full = path?.fullSize as Full;
      return { journey, path, full, found: findingsOf(journey, 'path-mtu-black-hole') };
    }

    async function during<T>(
      states: readonly (() => Promise<() => Promise<void>>)[],
      act: () => Promise<T>,
    ): Promise<T> {
      const ends: (() => Promise<void>)[] = [];
      try {
        for (const begin of states) ends.unshift(await begin());
        return await act();
      } finally {
        for (const end of ends) await end();
      }
    }

    it.each([
      ['https', 4],
      ['https', 6],
      ['http', 4],
    ] as const)('of %s over IPv%s get through where nothing is narrow, with one connection', async (scheme, family) => {
      const { full, path, found, journey } = await tried(scheme, family);
      expect(full).toMatchObject({ packetBytes: FULL, delivered: true, hole: null, passesBytes: null });
      expect(full.trials).toHaveLength(1);
      if (scheme === 'https') expect(full.receivedMssBytes).toBeGreaterThan(1200);
      expect(path?.pathMtuBytes).toBe(FULL);
      expect(journey.budget.connections).toBe(4);
      expect(found).toEqual([]);
    });

    it.each(['https', 'http'] as const)(
      'of %s are taken apart where the routers say that they must',
      async (scheme) => {
        const { full, path, found } = await during([() => routers.narrow(NARROW)], () => tried(scheme, 4));
        expect(full).toMatchObject({ delivered: true, hole: null });
        expect(path?.pathMtuBytes).toBe(NARROW);
        expect(found).toEqual([]);
      },
    );

    it.each([
      ['https', 4],
      ['https', 6],
      ['http', 4],
    ] as const)('of %s over IPv%s vanish where the router says nothing', async (scheme, family) => {
      const states = [() => routers.narrow(NARROW), () => routers.hush('r3')];
      const { full, found } = await during(states, () => tried(scheme, family));
      expect(full).toMatchObject({ packetBytes: FULL, delivered: false, hole: 'there', passesBytes: NARROW });
      expect(full.farthestFull?.address).toMatch(family === 4 ? /^10\.78\.[23]\.2$/ : /^fd78:[23]::2$/);
      expect(full.farthestPassing?.address).toBe(family === 4 ? '10.78.6.2' : 'fd78:6::2');
      expect(found.map(({ severity }) => severity)).toEqual(['warning']);
      expect(found[0]?.what).toContain(
        `Packets of ${FULL} bytes do not arrive, and nobody says so; those of ${NARROW} do.`,
      );
    });

    it('of answers vanish where the router on the way back says nothing', async () => {
      const states = [() => routers.narrow(NARROW, 'back'), () => routers.hush('r4', 'target')];
      const { full, found } = await during(states, () => tried('https', 4));
      expect(full).toMatchObject({ delivered: true, hole: 'back', passesBytes: NARROW });
      expect(found.map(({ severity }) => severity)).toEqual(['warning']);
      expect(found[0]?.what).toMatch(/^Answers in packets of 1500 bytes do not come back/);
    });

    it('are not tried when nobody wants it', async () => {
      const { journey } = await ride([urlOf('https', 4), ...ONLY, '--no-trace-full-size'], routers.nobody);
      expect(evidenceOf<PathEvidence>(journey, 'path').byEndpoint[0]).not.toHaveProperty('fullSize');
      expect(journey.budget.connections).toBe(3);
    });
  },
);
