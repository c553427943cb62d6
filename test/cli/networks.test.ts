// `--networks`: a published list, through the real command line, to the evidence, the facts and the zone of an endpoint.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healthyScript } from '../../src/demo/script.ts';
import { startWorld, type World } from '../../src/demo/world.ts';
import { journeyThrough, runInside } from '../support/cli.ts';

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
