// Owns the cost of one sample (new connection, TLS, request, evidence), one after another, against curl on the same server.
import { type Line, pairs, time } from './measure.ts';
import { caFile, type OtherWorld, type Place } from './place.ts';
import { openWorldSampler } from './sampler.ts';

const SAMPLES = 100;
const PAIRS = 3;

export async function* sampling({ folder, healthy }: Place): AsyncGenerator<Line> {
  const address = healthy.zones[0]?.addresses[0];
  if (address === undefined) throw new Error('the world has no address');
  const ours = (): Promise<number> => sampleMs(healthy);
  const theirs = (): Promise<number> => curlMs(healthy, address, caFile(folder, healthy));
  const medians = await pairs(PAIRS, ours, theirs).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  // No curl, no peer: nothing to compare with.
  if (medians !== null)
    yield { name: 'one sample, one at a time', ...medians, unit: 'ms', against: 'curl', target: 'none' };
}

async function sampleMs(world: OtherWorld): Promise<number> {
  const sampler = await openWorldSampler(world, { timeoutMs: 5_000 });
  const startMs = performance.now();
  for (let sample = 0; sample < SAMPLES; sample++) await sampler.sample(sample);
  const perSampleMs = (performance.now() - startMs) / SAMPLES;
  await sampler.close();
  return perSampleMs;
}

/** One curl for all, so that its start is not counted a hundred times: new connections, full handshakes. */
async function curlMs(world: OtherWorld, address: string, root: string): Promise<number> {
  const each = [
    '--no-sessionid',
    '--http1.1',
    '--header',
    'Connection: close',
    '--output',
    '/dev/null',
    '--silent',
    '--fail',
  ];
  const pinned = ['--resolve', `kms.example:${world.port}:${address}`, '--cacert', root];
  const { wallMs } = await time(['curl', ...each, ...pinned, `https://kms.example:${world.port}/?[1-${SAMPLES}]`]);
  return wallMs / SAMPLES;
}
