// Marked secrets and marked hostile strings ride through the whole program: neither may come out of any printer.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { healthyScript } from '../../src/demo/script.ts';
import { startWorld, type World } from '../../src/demo/world.ts';
import { runInside } from '../support/cli.ts';

const SECRET = 'canary-4f1d-secret';
const HOSTILE =
  '\u001b[2J\u001b]0;owned\u0007\u202egpj.exe\u0000<script>alert(1)</script>|`$(id)` [x](javascript:1)\u009b31m';
const FORMATS = ['text', 'json', 'markdown', 'html', 'prometheus'];

let world: World;
beforeAll(async () => {
  const headers = ['x-served-by', 'server', 'via', 'server-timing', 'www-authenticate', 'ratelimit-policy'].map(
    (name) => [name, HOSTILE.replaceAll('\u0000', '')] as const,
  );
  const zones = healthyScript.zones.map((zone) => ({
    ...zone,
    hosts: zone.hosts.map((host) => ({ ...host, headers, body: HOSTILE })),
  }));
  world = await startWorld({ ...healthyScript, zones });
});
afterAll(() => world.close());

describe.each(FORMATS)('as %s', (format) => {
  test('nothing that a terminal acts on, no markup, no secret', async () => {
    const args = [
      'kms.example',
      '-v',
      '-n',
      '3',
      '--rate',
      '50',
      '-f',
      format,
      '-H',
      `Authorization: Bearer ${SECRET}`,
    ];
    const { out, err } = await runInside(world, args);
    // oxlint-disable-next-line no-control-regex -- these are what must be gone
    expect(`${out}${err}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(out).not.toContain(SECRET);
    if (format === 'html' || format === 'markdown') expect(out).not.toMatch(/<script/i);
    expect(out.length).toBeGreaterThan(200);
  });
});

test('a secret is not in the words of a failure either', async () => {
  const args = ['kms.example', '-n', '1', '--timeout', '200ms', '-f', 'json', '-H', `X-Api-Key: ${SECRET}`];
  const zone = world.zones[0]?.name ?? '';
  await world.fault(zone, 'reset');
  const { out, err } = await runInside(world, args);
  await world.fault(zone, 'none');
  expect(`${out}${err}`).not.toContain(SECRET);
  expect(out).toContain('X-Api-Key');
});
