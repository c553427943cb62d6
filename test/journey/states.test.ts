// The world in every state that it knows: what a journey must find, and that one bad endpoint spoils nothing of the others.
import { describe, expect, test } from 'vitest';
import {
  type CertificateState,
  type DnsFault,
  healthyScript,
  type WorldScript,
  type ZoneFault,
  type ZoneScript,
} from '../../src/demo/script.ts';
import { startWorld } from '../../src/demo/world.ts';
import type { Journey } from '../../src/model/journey.ts';
import { journeyThrough, runInside } from '../support/cli.ts';

async function ride(script: WorldScript, ...args: readonly string[]): Promise<Journey> {
  const world = await startWorld(script);
  try {
    return await journeyThrough(world, ...args);
  } finally {
    await world.close();
  }
}

function withZone(change: Partial<ZoneScript>): WorldScript {
  const zones = healthyScript.zones.map((zone, index) => (index === 1 ? { ...zone, ...change } : zone));
  return { ...healthyScript, zones };
}

/** `id zone` of what is worse than a notice. */
function serious(journey: Journey): readonly string[] {
  const found = journey.findings.filter(({ severity }) => severity !== 'notice');
  return [...new Set(found.map(({ id, zone }) => `${id} ${zone}`))].toSorted();
}

/** Where the bound itself is met it is short, elsewhere so long that a busy machine does not meet it. */
const bound = (fault: string): readonly string[] =>
  ['blackhole', 'tls-tarpit', 'tarpit', 'silent'].includes(fault) ? ['--timeout', '1s'] : [];

const ZONE = healthyScript.zones[1]?.name ?? '';

// A machine that is busy for a second leaves samples out, and then too few may be left to compare zones.
test('a healthy world is ok, and every check has an outcome', { retry: 3 }, async () => {
  const journey = await ride(healthyScript);
  expect(serious(journey)).toEqual([]);
  expect(journey.verdict).toBe('ok');
  expect(journey.checks.length).toBeGreaterThan(20);
  expect(journey.checks.filter(({ outcome }) => outcome === 'not-judged')).toEqual([]);
});

describe('one zone whose certificate is', () => {
  test.each<[CertificateState, readonly string[]]>([
    ['expired', [`certificate-expiry ${ZONE}`]],
    ['not-yet-valid', [`certificate-not-yet-valid ${ZONE}`]],
    ['missing-intermediate', [`chain-incomplete ${ZONE}`]],
    ['self-signed', [`chain-untrusted ${ZONE}`]],
    ['other-ca', [`chain-untrusted ${ZONE}`]],
    ['wrong-name', [`hostname-mismatch ${ZONE}`]],
  ])('%s', async (certificate, expected) => {
    const daysLeft = certificate === 'expired' ? { daysLeft: -3 } : {};
    const journey = await ride(withZone({ certificate, ...daysLeft }));
    expect(journey.verdict).toBe('critical');
    expect(serious(journey)).toEqual(expect.arrayContaining([...expected]));
    expect(serious(journey).filter((line) => !line.endsWith(ZONE))).toEqual([]);
  });

  test.each<[CertificateState, string]>([
    ['wrong-order', 'chain-order'],
    ['extra-certificate', 'chain-extra-certificate'],
  ])('sent with a %s', async (certificate, id) => {
    const journey = await ride(withZone({ certificate }));
    expect(journey.findings.map((finding) => `${finding.id} ${finding.zone}`)).toContain(`${id} ${ZONE}`);
  });
});

describe('one zone whose listener', () => {
  test.each<[ZoneFault, string, string]>([
    ['refuse', 'connect', 'refused'],
    ['blackhole', 'tls', 'tls-timeout'],
    ['garbage', 'tls', 'not-tls'],
    ['plain-http', 'tls', 'not-tls'],
    ['tls-tarpit', 'tls', 'tls-timeout'],
    ['tarpit', 'receive', 'receive-timeout'],
    ['huge-headers', 'wait', 'headers-too-large'],
    ['close-after-request', 'wait', 'closed'],
  ])('shows %s fails in %s with %s, and the other zones are ridden in full', async (fault, hop, code) => {
    const journey = await ride(withZone({ fault }), ...bound(fault));
    const down = journey.endpoints.find(({ zone }) => zone === ZONE);
    const failed = journey.hops.find(({ id, endpoint }) => id === hop && endpoint === down?.id);
    expect(failed?.errors).toEqual({ [code]: 6 });
    expect(serious(journey)).toContain(`endpoint-down ${ZONE}`);
    expect(journey.complete).toBe(true);
    for (const endpoint of journey.endpoints.filter(({ zone }) => zone !== ZONE)) {
      const total = journey.hops.find(({ id, endpoint: of }) => id === 'total' && of === endpoint.id);
      expect(total).toMatchObject({ attempts: 6, failures: 0 });
    }
  });

  test('resets every connection fails with reset, in connect or tls as the race goes', async () => {
    const journey = await ride(withZone({ fault: 'reset' }));
    const down = journey.endpoints.find(({ zone }) => zone === ZONE);
    const early = journey.hops.filter(
      ({ id, endpoint }) => endpoint === down?.id && (id === 'connect' || id === 'tls'),
    );
    expect(early.reduce((sum, { errors }) => sum + (errors['reset'] ?? 0), 0)).toBe(6);
    expect(early.reduce((sum, { failures }) => sum + failures, 0)).toBe(6);
    expect(serious(journey)).toContain(`endpoint-down ${ZONE}`);
  });

  test.each<ZoneFault>(['endless-body', 'gzip-bomb'])(
    'sends a %s is read to the bound and no further',
    async (fault) => {
      const journey = await ride(withZone({ fault }), '-n', '2', '--timeout', '3s');
      expect(journey.budget.bytesReceived).toBeLessThan(2 * 2 * 1_048_576 + 1_000_000);
      const down = journey.endpoints.find(({ zone }) => zone === ZONE);
      expect(journey.hops.find(({ id, endpoint }) => id === 'total' && endpoint === down?.id)).toMatchObject({
        attempts: 2,
      });
    },
  );
});

describe('a resolver that', () => {
  test.each<[DnsFault, string, string]>([
    ['nxdomain', 'name-does-not-exist', 'nxdomain'],
    ['servfail', 'resolver-failure', 'servfail'],
    ['refused', 'resolver-failure', 'dns-refused'],
    ['silent', 'resolver-failure', 'dns-timeout'],
    ['refuse', 'resolver-failure', 'dns-unreachable'],
    ['garbage', 'resolver-failure', 'dns-malformed'],
  ])('is in state %s: %s, told apart as %s', async (fault, id, code) => {
    const journey = await ride({ ...healthyScript, resolver: { ...healthyScript.resolver, fault } }, ...bound(fault));
    expect(journey.verdict).toBe('critical');
    expect(journey.findings.map((finding) => finding.id)).toContain(id);
    expect(journey.hops).toMatchObject([{ id: 'resolve', errors: { [code]: 1 } }]);
    expect(journey.endpoints).toEqual([]);
    expect(journey.probes['tls']?.state).toBe('skipped');
  });

  test('truncates everything is asked again over TCP', async () => {
    const journey = await ride({ ...healthyScript, resolver: { ...healthyScript.resolver, fault: 'truncate' } });
    expect(journey.verdict).toBe('ok');
  });
});

describe('one name server that', () => {
  test.each<DnsFault>(['silent', 'refuse', 'refused', 'servfail', 'lame', 'garbage'])(
    'is %s is named, the journey goes on',
    async (fault) => {
      const nameServers = healthyScript.nameServers.map((server, index) =>
        index === 1 ? { ...server, fault } : server,
      );
      const journey = await ride({ ...healthyScript, nameServers }, ...bound(fault));
      const finding = journey.findings.find(({ id }) => id === 'name-server-lame');
      expect(finding?.what).toContain(healthyScript.nameServers[1]?.label);
      expect(journey.verdict).toBe('warning');
    },
  );

  test('has another serial, or lacks a zone, is found', async () => {
    const left = healthyScript.nameServers.map((server, index) =>
      index === 1 ? { ...server, serial: server.serial - 1, lacks: [healthyScript.zones[0]?.label ?? ''] } : server,
    );
    const journey = await ride({ ...healthyScript, nameServers: left });
    expect(journey.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['serials-disagree', 'answers-disagree']),
    );
  });
});

test('an alias is followed and kept, with its TTL', async () => {
  const world = await startWorld({ ...healthyScript, aliases: { api: 'lb.kms.example' }, ttlSeconds: 30 });
  try {
    const { out } = await runInside(world, [
      'api.kms.example',
      '--only',
      'dns',
      '-n',
      '2',
      '--rate',
      '50',
      '-f',
      'json',
    ]);
    const journey = JSON.parse(out) as Journey;
    expect(journey.evidence['dns']).toMatchObject({ canonicalName: 'lb.kms.example' });
    expect(JSON.stringify(journey.evidence['dns'])).toContain('api.kms.example');
    expect(journey.endpoints).toHaveLength(3);
  } finally {
    await world.close();
  }
});

test('the deadline cuts the ride, and what is known by then is reported', async () => {
  const journey = await ride(healthyScript, '-n', '1000', '--rate', '20', '--deadline', '700ms');
  expect(journey.complete).toBe(false);
  const totals = journey.hops.filter(({ id }) => id === 'total');
  expect(totals).toHaveLength(3);
  for (const { attempts, failures, errors } of totals) {
    expect(attempts).toBeGreaterThan(0);
    expect(attempts).toBeLessThan(1000);
    // Nothing but what was under way then.
    expect(failures).toBe(errors.cancelled ?? 0);
  }
  expect(journey.answers).toHaveLength(6);
});
