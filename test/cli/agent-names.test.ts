// The agent asks for names of addresses only where its own file says so: never for a URL that a caller brings, whatever stands in the request.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probes } from '../../probes/index.ts';
import { loadAgent, riddenAt } from '../../src/cli/agent-config.ts';
import type { Launch } from '../../src/cli/launch.ts';
import { REAL_WORLD } from '../../src/cli/surroundings.ts';
import type { RideSettings } from '../../src/journey/settings.ts';
import { captureIo } from '../support/cli.ts';

const launch: Launch = { io: captureIo(), probes, version: '0.0.0-test', surroundings: REAL_WORLD };
/** Of the options of a ride, as the command line has them. */
const lists = { resolver: [], connect: [], zone: [], header: [], since: [], networks: [], cloudRanges: [] };
const on = { tlsSurvey: true, preflight: true, reuse: true, reverseNames: true, poll: true, traceFullSize: true };
const sent = { traceparent: true, traceSampled: true, dns0x20: true, dnsPadding: true, method: 'GET' };
const defaults = { ...lists, ...on, ...sent, samples: '20', rate: '10', timeout: '5s', deadline: '60s' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-names-'));
});
afterAll(() => rm(folder, { recursive: true }));

const isOff = ({ probeOptions }: RideSettings): boolean =>
  (probeOptions['balancer'] as { readonly reverseNames?: boolean } | undefined)?.reverseNames === false;

test('by its file: not by default, and where a target or its defaults say so', async () => {
  const settingsOf = async (text: string): Promise<readonly boolean[]> => {
    const file = join(folder, 'agent.yml');
    await writeFile(file, text);
    const { targets } = await loadAgent(file, defaults, () => null, launch);
    return targets.map((one) => ('ridden' in one ? isOff(one.ridden.settings) : true));
  };
  const both = 'targets: [a.example, { target: b.example, reverseNames: true }]\n';
  expect(await settingsOf(both)).toEqual([true, false]);
  expect(await settingsOf(`defaults: { reverseNames: true }\n${both}`)).toEqual([false, false]);
});

test.each([{}, { reverseNames: true }])('not for a URL that a caller brings with %j', async (given) => {
  const { settings } = await riddenAt('https://kms.example/', ['192.31.196.1'], given, defaults, launch);
  expect(settings.probes).toContain('balancer');
  expect(isOff(settings)).toBe(true);
});
