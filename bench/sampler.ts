// Owns the sampler that the benchmarks time: one whole sample of a world in another process, new connection and full handshake each time.
import { endpointId, parseTarget } from '../src/model/target.ts';
import { dnsName } from '../src/model/text.ts';
import type { RequestTrace } from '../src/model/trace.ts';
import { now } from '../src/net/clock.ts';
import { createMeter } from '../src/net/meter.ts';
import { openSampler, type SamplerOptions } from '../src/net/sample/sampler.ts';
import type { OtherWorld } from './place.ts';

export interface WorldSampler {
  /** @throws when the sample fails */
  sample(sequence: number): Promise<RequestTrace>;
  close(): Promise<void>;
}

/** Samples the world's first address. @throws when it has none */
export async function openWorldSampler(
  world: OtherWorld,
  options: Pick<SamplerOptions, 'timeoutMs' | 'clock'>,
): Promise<WorldSampler> {
  const address = world.zones[0]?.addresses[0];
  if (address === undefined) throw new Error('the world has no address');
  const { port, caPem } = world;
  const where = { address, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null } as const;
  const endpoint = { ...where, id: endpointId(address, port) };
  const sampler = await openSampler({
    ...options,
    target: parseTarget(`kms.example:${port}`),
    servername: dnsName('kms.example'),
    trust: { caPem: [caPem], insecure: false },
    identity: null,
    request: { method: 'GET', headers: [], body: null, userAgent: 'outrider-bench' },
    http: '1.1',
    limits: { bodyBytes: 1_048_576, headerBytes: 65_536 },
    meter: createMeter(),
    originMs: now(),
  });
  const never = new AbortController().signal;
  return {
    async sample(sequence) {
      const { trace } = await sampler.sample(endpoint, sequence, never);
      if (trace.problem !== null) throw new Error(`a sample failed: ${trace.problem.code}`);
      return trace;
    },
    close: () => sampler.close(),
  };
}
