// Expectations learned from a world are held to it again, and to worlds that differ in one thing: the right drift is found, and only it.
// How long things take is not held here, for other tests take the processor: that is in latency.test.ts and in src/expect/test.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type HostScript, healthyScript, type WorldScript, type ZoneScript } from '../../src/demo/script.ts';
import { startWorld } from '../../src/demo/world.ts';
import type { Journey } from '../../src/model/journey.ts';
import { runInside } from '../support/cli.ts';

const SECURE: HostScript['headers'] = [['strict-transport-security', 'max-age=31536000']];

const everyHost = (script: WorldScript, change: (host: HostScript) => Partial<HostScript>): WorldScript =>
  everyZone(script, ({ hosts }) => ({ hosts: hosts.map((host) => ({ ...host, ...change(host) })) }));
const everyZone = (
  script: WorldScript,
  change: (zone: ZoneScript, at: number) => Partial<ZoneScript>,
): WorldScript => ({
  ...script,
  zones: script.zones.map((zone, at) => ({ ...zone, ...change(zone, at) })),
});
const firstZone = (script: WorldScript, change: Partial<ZoneScript>): WorldScript =>
  everyZone(script, (_, at) => (at === 0 ? change : {}));

/** Short ways, so that rides are short. */
const usual = everyHost(
  everyZone(healthyScript, () => ({ delayMs: 0, jitterMs: 0 })),
  () => ({ delayMs: 0, headers: SECURE }),
);

/** Ridden through an alias, so that there is one to change. Enough requests to miss one host of two by chance in 1 of 2000 rides only. */
const RIDE = ['www.kms.example', '-n', '12', '--rate', '100', '--skip', 'path'];

let folder: string;
let file: string;
let usualFindings: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  file = join(folder, 'kms.yaml');
  const world = await startWorld(usual);
  try {
    const { exit, out } = await runInside(world, ['learn', ...RIDE]);
    if (exit !== 0) throw new Error(`probe learn ended with ${exit}`);
    const { latency: _, ...rest } = parse(out) as Record<string, unknown>;
    await writeFile(file, stringify(rest));
  } finally {
    await world.close();
  }
  const held = await heldTo(usual);
  usualFindings = held.findings.map(({ id }) => id);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

async function heldTo(script: WorldScript): Promise<Journey> {
  const world = await startWorld(script);
  try {
    const { out } = await runInside(world, [...RIDE, '--expect', file, '-f', 'json']);
    return JSON.parse(out) as Journey;
  } finally {
    await world.close();
  }
}

const drifts = ({ findings }: Journey) => findings.filter(({ id }) => id.endsWith('-drift'));

test('the unchanged world is as expected, and all of it was seen', async () => {
  const held = await heldTo(usual);
  expect(drifts(held).map(({ what }) => what)).toEqual([]);
  const checks = held.checks.filter(({ id }) => id.endsWith('-drift'));
  expect(checks.length).toBeGreaterThan(15);
  expect(checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect(held.judgedWith.expectations).toBeDefined();
});

const certificateOf = (change: Partial<ZoneScript>) => everyZone(usual, () => change);

/** Besides the drift, what else a change sets off by the program's own checks. */
const changes: readonly (readonly [string, WorldScript, string, string, string, readonly string[]])[] = [
  ['issuer', certificateOf({ issuer: 'second' }), 'issuer-drift', 'Issuing CA,', 'Issuing CA 2', []],
  ['lifetime', certificateOf({ lifetimeDays: 47, daysLeft: 40 }), 'lifetime-drift', 'at most 91', '47', []],
  [
    'key type',
    firstZone(usual, { key: 'rsa' }),
    'key-type-drift',
    'ec 256',
    'rsa 2048',
    ['posture-differs', 'certificates-differ'],
  ],
  ['oldest TLS', certificateOf({ tls: { min: 'TLSv1.3', max: 'TLSv1.3' } }), 'tls-minimum-drift', '1.2', '1.3', []],
  [
    'newest TLS',
    certificateOf({ tls: { min: 'TLSv1.2', max: 'TLSv1.2' } }),
    'tls-protocol-drift',
    '1.3',
    '1.2',
    ['no-tls13'],
  ],
  ['HTTP version', certificateOf({ alpn: ['http/1.1'] }), 'alpn-drift', 'h2', 'http/1.1', []],
  [
    'name',
    firstZone(usual, { certificate: 'wrong-name' }),
    'certificate-name-drift',
    'kms.example',
    'gone: ',
    ['hostname-mismatch', 'certificates-differ'],
  ],
  ['address', firstZone(usual, { address: '127.0.11.9' }), 'address-drift', '127.0.10.1', '127.0.11.9', []],
  ['TTL', { ...usual, ttlSeconds: 300 }, 'ttl-drift', '60', '300', ['slow-traffic-shift']],
  [
    'name server',
    { ...usual, nameServers: usual.nameServers.map((one, at) => (at === 1 ? { ...one, label: 'ns9' } : one)) },
    ...(['name-server-drift', 'ns2.kms.example', 'ns9.kms.example', []] as const),
  ],
  [
    'alias',
    { ...usual, aliases: { ...usual.aliases, www: 'lb.kms.example' } },
    'alias-drift',
    'kms.example',
    'lb.kms.example',
    [],
  ],
  ['status', everyHost(usual, () => ({ status: 404 })), 'status-drift', '200', '404', ['client-errors']],
  [
    'header',
    everyHost(usual, () => ({ headers: [] })),
    'header-drift',
    'strict-transport',
    'gone: strict-transport',
    ['hsts-missing'],
  ],
  [
    'layer',
    everyHost(usual, () => ({ headers: [...SECURE, ['via', '1.1 inner']] })),
    ...(['layer-drift', 'lb-kms-az1 > kms-lb', 'inner', []] as const),
  ],
  ['zone', { ...usual, zones: usual.zones.slice(0, 2) }, 'zone-drift', 'kms-az3', 'gone: kms-az3', []],
  [
    'hosts',
    everyZone(usual, ({ hosts }, at) => (at === 0 ? { hosts: hosts.slice(0, 1) } : {})),
    ...(['host-drift', '2', '1', []] as const),
  ],
];

// The world is in this process: on a busy machine samples are left out, and what rests on few of them is honestly not told.
test.each(changes)(
  'another %s is told, and nothing else',
  { retry: 3 },
  async (_, script, id, before, after, others) => {
    const held = await heldTo(script);
    const found = drifts(held);
    expect([...new Set(found.map((finding) => finding.id))], found.map(({ what }) => what).join('\n')).toEqual([id]);
    expect(found[0]?.severity).toBe('warning');
    expect(found[0]?.change?.before).toContain(before);
    expect(found[0]?.change?.after).toContain(after);
    expect(found[0]?.what).toContain(found[0]?.change?.after);
    const own = held.findings.map((finding) => finding.id).filter((each) => !each.endsWith('-drift'));
    expect(own.filter((each) => !usualFindings.includes(each) && !others.includes(each))).toEqual([]);
    const blind = held.checks.filter((check) => check.id.endsWith('-drift') && check.outcome === 'not-judged');
    expect(blind).toEqual([]);
  },
);
