// Owns the cost of one sample (new connection, TLS, request, evidence), one after another, against curl on the same server.
import { endpointId, parseTarget } from '../src/model/target.ts';
import { dnsName, type IpAddress } from '../src/model/text.ts';
import { now } from '../src/net/clock.ts';
import { createMeter } from '../src/net/meter.ts';
import { openSampler } from '../src/net/sample/sampler.ts';
import { type Line, pairs, time } from './measure.ts';
import { caFile, type OtherWorld, type Place } from './place.ts';

const SAMPLES = 100;
const PAIRS = 3;

export async function* sampling({ folder, healthy }: Place): AsyncGenerator<Line> {
  const address = healthy.zones[0]?.addresses[0];
  if (address === undefined) throw new Error('the world has no address');
  const ours = (): Promise<number> => sampleMs(healthy, address);
  const theirs = (): Promise<number> => curlMs(healthy, address, caFile(folder, healthy));
  const medians = await pairs(PAIRS, ours, theirs).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  // No curl, no peer: nothing to compare with.
  if (medians !== null)
    yield { name: 'one sample, one at a time', ...medians, unit: 'ms', against: 'curl', target: 'none' };
}

async function sampleMs(world: OtherWorld, address: IpAddress): Promise<number> {
  const endpoint = {
    id: endpointId(address, world.port),
    address,
    port: world.port,
    family: 4,
    zone: null,
    zoneSource: null,
    ttlSeconds: null,
  } as const;
  const sampler = await openSampler({
    target: parseTarget(`kms.example:${world.port}`),
    servername: dnsName('kms.example'),
    trust: { caPem: [world.caPem], insecure: false },
    identity: null,
    request: { method: 'GET', headers: [], body: null, userAgent: 'outrider-bench' },
    http: '1.1',
    timeoutMs: 5_000,
    limits: { bodyBytes: 1_048_576, headerBytes: 65_536 },
    meter: createMeter(),
    originMs: now(),
  });
  const never = new AbortController().signal;
  const startMs = performance.now();
  for (let sample = 0; sample < SAMPLES; sample++) {
    const { trace } = await sampler.sample(endpoint, sample, never);
    if (trace.problem !== null) throw new Error(`a sample failed: ${trace.problem.code}`);
  }
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
