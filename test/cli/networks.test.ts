// `--networks`: a published list, through the real command line, to the evidence, the facts and the zone of an endpoint.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { healthyScript } from '../../src/demo/script.ts';
import { startWorld, type World } from '../../src/demo/world.ts';
import { captureIo, journeyThrough, runInside } from '../support/cli.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  [world, folder] = await Promise.all([startWorld(healthyScript), mkdtemp(join(tmpdir(), 'outrider-networks-'))]);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

test('addresses and name servers are told by two lists together', async () => {
  const prefix = (ip_prefix: string, region: string) => {
    return { ip_prefix, region, service: 'EC2', network_border_group: region };
  };
  const prefixes = [prefix('127.0.10.0/24', 'eu-west-1'), prefix('127.0.20.0/23', 'eu-west-2')];
  const ranges = await written('ip-ranges.json', JSON.stringify({ prefixes, ipv6_prefixes: [] }));
  const systems = await written('systems.tsv', '127.0.53.0\t127.0.53.255\t64500\tNL\tEXAMPLE\n');
  const journey = await journeyThrough(world, '--networks', ranges, '--networks', systems);
  const answer = journey.answers.find(({ probe }) => probe === 'dns');
  expect(answer?.facts).toMatchObject({
    addressSpread: [
      { operator: 'AWS', region: 'eu-west-1', addresses: 1 },
      { operator: 'AWS', region: 'eu-west-2', addresses: 1 },
      { operator: null, region: null, addresses: 1 },
    ],
    nameServerAutonomousSystems: [64_500],
  });
  expect(answer?.summary).toContain('its addresses are of AWS eu-west-1 (1), AWS eu-west-2 (1)');
  expect(journey.findings.find(({ id }) => id === 'one-autonomous-system')).toMatchObject({
    severity: 'notice',
    what: 'All name servers of kms.example stand in AS64500.',
  });
  // The world names the zones: a list does not overrule it.
  expect(journey.endpoints.map(({ zoneSource }) => zoneSource)).toEqual(['world', 'world', 'world']);
});

test('a packed list is refused with the remedy', async () => {
  const file = await written('systems.tsv.gz', gzipSync('192.0.2.0\t192.0.2.255\t1\tX\tY\n'));
  await expect(runInside(world, ['kms.example', '--networks', file])).rejects.toThrow(/is packed/);
});

test('a region of Google, one of Azure and an edge that is everywhere are told, and none is taken for a zone', async () => {
  const google = { prefixes: [{ ipv4Prefix: '127.0.10.0/24', service: 'Google Cloud', scope: 'europe-west1' }] };
  const properties = { region: 'westeurope', addressPrefixes: ['127.0.20.0/24'] };
  const files = [
    await written('cloud.json', JSON.stringify(google)),
    await written(
      'ServiceTags_Public_20261116.json',
      JSON.stringify({ values: [{ name: 'AzureCloud.westeurope', properties }] }),
    ),
    await written('ips-v4', '127.0.30.0/24\n'),
  ];
  const journey = await journeyThrough(world, ...files.flatMap((file) => ['--networks', file]));
  const answer = (id: string) => journey.answers.find(({ probe }) => probe === id);
  expect(answer('dns')?.facts['addressSpread']).toEqual(
    expect.arrayContaining([
      { operator: 'Google', region: 'europe-west1', localZone: null, addresses: 1 },
      { operator: 'Microsoft Azure', region: 'westeurope', localZone: null, addresses: 1 },
      { operator: 'Cloudflare', region: 'global', localZone: null, addresses: 1 },
    ]),
  );
  expect(JSON.stringify(journey.evidence['balancer'])).toContain('in a range that Cloudflare uses for Cloudflare');
  expect(journey.endpoints.some(({ zoneSource }) => zoneSource === 'network')).toBe(false);
});

test('the option has a second name, and both are read', async () => {
  const fastly = await written('fastly.json', JSON.stringify({ addresses: ['127.0.10.0/24'] }));
  const own = await written('office.txt', '# ours\n127.0.20.0/24\n');
  const journey = await journeyThrough(world, '--cloud-ranges', fastly, '--networks', own);
  const answer = journey.answers.find(({ probe }) => probe === 'dns');
  expect(answer?.facts['addressSpread']).toEqual(
    expect.arrayContaining([
      { operator: 'Fastly', region: 'global', localZone: null, addresses: 1 },
      { operator: 'office', region: null, localZone: null, addresses: 1 },
    ]),
  );
});

describe('a list that its operator publishes', () => {
  const DAY_MS = 86_400_000;
  const list = { addresses: ['127.0.10.0/24'], ipv6_addresses: [] };
  // Nothing else here is asked by fetch; nock stands in the way of the other sockets.
  const asked: string[] = [];
  const site = (answer: () => Response): void => {
    asked.length = 0;
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return answer();
    });
  };
  const down = (): never => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
  };
  const wanted = ['kms.example', '--only', 'balancer', '-n', '1', '--networks', 'fastly', '-f', 'json'];
  const ioAt = (cache: string, nowMs = Date.now()) =>
    captureIo({ env: { XDG_CACHE_HOME: join(folder, cache) }, wallClockMs: () => nowMs });
  afterEach(() => void vi.unstubAllGlobals());

  test('is fetched when it is named, kept, and used when it is old and nobody can be reached', async () => {
    site(() => Response.json(list, { headers: { etag: '"1"' } }));
    const began = Date.now();
    const { out } = await runInside(world, wanted, ioAt('kept', began));
    expect(out).toContain('the address is in a range that Fastly uses for Fastly');
    expect(asked).toEqual(['https://api.fastly.com/public-ip-list']);
    // Not asked for again.
    const again = await runInside(world, wanted, ioAt('kept', began + DAY_MS / 2));
    expect(again).toMatchObject({ err: '' });
    expect(asked).toHaveLength(1);
    site(down);
    const later = await runInside(world, wanted, ioAt('kept', began + 3 * DAY_MS));
    expect(later.err).toMatch(/^probe: --networks fastly: .* could not be fetched: .*; the list of 3d ago is used\n$/);
    expect(later.out).toContain('in a range that Fastly uses');
  });

  test('is not fetched for --plan, which says what would be', async () => {
    site(down);
    const { out } = await runInside(world, [...wanted.slice(0, -2), '--plan'], ioAt('planned'));
    expect(asked).toEqual([]);
    expect(out).toContain('networks: GET https://api.fastly.com/public-ip-list');
  });

  test.each([
    ['fastly', /could not be fetched: it cannot be reached \(ECONNREFUSED\)/],
    ['azure', /Microsoft publishes its list each week under another address/],
    ['amazone', /cannot read amazone/],
  ])('that cannot be had is said before anything is sent: %s', async (name, words) => {
    site(down);
    await expect(runInside(world, ['kms.example', '--networks', name], ioAt('none'))).rejects.toThrow(words);
  });
});
