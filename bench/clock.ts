// Owns what samples on sockets of our own cost against those on Node's, on the same server: one at a time, and many at once.
import { endpointId, parseTarget } from '../src/model/target.ts';
import { dnsName, type IpAddress } from '../src/model/text.ts';
import { now } from '../src/net/clock.ts';
import { createMeter } from '../src/net/meter.ts';
import { openSampler } from '../src/net/sample/sampler.ts';
import { type Line, pairs } from './measure.ts';
import type { OtherWorld, Place } from './place.ts';

const SAMPLES = 300;
const PAIRS = 5;

export async function* clock({ healthy }: Place): AsyncGenerator<Line> {
  const address = healthy.zones[0]?.addresses[0];
  if (address === undefined) throw new Error('the world has no address');
  for (const atOnce of [1, 50]) {
    const by = (which: 'kernel' | 'loop') => () => sampleMs(healthy, address, which, atOnce);
    const medians = await pairs(PAIRS, by('kernel'), by('loop'));
    yield {
      name: `one sample stamped by the kernel, ${atOnce} at once`,
      ...medians,
      unit: 'ms',
      against: "Node's sockets",
      target: 'none',
    };
  }
}

/** @throws when a sample fails */
async function sampleMs(
  world: OtherWorld,
  address: IpAddress,
  which: 'kernel' | 'loop',
  atOnce: number,
): Promise<number> {
  const id = endpointId(address, world.port);
  const where = { id, address, port: world.port, zone: null, zoneSource: null, ttlSeconds: null };
  const sampler = await openSampler({
    target: parseTarget(`kms.example:${world.port}`),
    servername: dnsName('kms.example'),
    trust: { caPem: [world.caPem], insecure: false },
    identity: null,
    request: { method: 'GET', headers: [], body: null, userAgent: 'outrider-bench' },
    http: '1.1',
    timeoutMs: 20_000,
    limits: { bodyBytes: 1_048_576, headerBytes: 65_536 },
    meter: createMeter(),
    originMs: now(),
    clock: which,
  });
  const never = new AbortController().signal;
  const startMs = performance.now();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < SAMPLES) {
      const { trace } = await sampler.sample({ ...where, family: 4 }, begun++, never);
      if (trace.problem !== null) throw new Error(`a sample failed: ${trace.problem.code}`);
      if (which === 'kernel' && trace.spans.wait?.clock !== 'kernel') throw new Error('a sample was not stamped');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const perSampleMs = (performance.now() - startMs) / SAMPLES;
  await sampler.close();
  return perSampleMs;
}
