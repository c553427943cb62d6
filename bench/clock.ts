// Owns what samples on sockets of our own cost against those on Node's, on the same server: one at a time, and many at once.
import { type Line, pairs } from './measure.ts';
import type { OtherWorld, Place } from './place.ts';
import { openWorldSampler } from './sampler.ts';

const SAMPLES = 300;
const PAIRS = 5;

export async function* clock({ healthy }: Place): AsyncGenerator<Line> {
  for (const atOnce of [1, 50]) {
    const by = (which: 'kernel' | 'loop') => () => sampleMs(healthy, which, atOnce);
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
async function sampleMs(world: OtherWorld, which: 'kernel' | 'loop', atOnce: number): Promise<number> {
  const sampler = await openWorldSampler(world, { timeoutMs: 20_000, clock: which });
  const startMs = performance.now();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < SAMPLES) {
      const { spans } = await sampler.sample(begun++);
      if (which === 'kernel' && spans.wait?.clock !== 'kernel') throw new Error('a sample was not stamped');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const perSampleMs = (performance.now() - startMs) / SAMPLES;
  await sampler.close();
  return perSampleMs;
}
