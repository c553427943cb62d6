// Which roots are trusted when nobody says: the file of SSL_CERT_FILE, else that of the system.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemRoots } from '../../src/cli/roots.ts';
import { REAL_WORLD } from '../../src/cli/surroundings.ts';
import { startWorld, type World } from '../../src/demo/world.ts';
import type { Journey } from '../../src/model/journey.ts';
import { captureIo, runCli } from '../support/cli.ts';

let world: World;
let folder: string;
let file: string;
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  file = join(folder, 'roots.pem');
  await writeFile(file, world.caPem);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

test('SSL_CERT_FILE is read, and what cannot be read is the wrong usage that it is', async () => {
  expect(await systemRoots({ SSL_CERT_FILE: file })).toBe(world.caPem);
  await expect(systemRoots({ SSL_CERT_FILE: join(folder, 'gone.pem') })).rejects.toThrow('SSL_CERT_FILE: cannot read');
  const io = captureIo({ env: { SSL_CERT_FILE: join(folder, 'gone.pem') } });
  expect(REAL_WORLD.caPem).toBeNull();
  expect(await runCli(['kms.example', '--resolver', '127.0.0.1#1'], io)).toMatchObject({ exit: 64, out: '' });
});

test.each([
  ['the roots of the world', true, 'trusted'],
  ['no roots but the system`s', false, 'untrusted'],
])('a ride with %s', async (_, named, outcome) => {
  const { host, port } = { host: world.resolver.address, port: world.resolver.port };
  const io = captureIo({ env: named ? { SSL_CERT_FILE: file } : {} });
  const args = ['--resolver', `${host}#${port}`, '-n', '2', '--rate', '50', '-f', 'json'];
  const { out } = await runCli([`kms.example:${world.port}`, ...args], io);
  const journey = JSON.parse(out) as Journey;
  const untrusted = journey.findings.filter(({ id }) => id === 'chain-untrusted');
  expect(untrusted.length === 0 ? 'trusted' : 'untrusted').toBe(outcome);
});
