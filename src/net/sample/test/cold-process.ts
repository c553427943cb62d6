// Owns the samples of a process that has just begun: node cold-process.ts '{"scheme", "http", "address", "port"}', totals in ms on
// standard output as JSON. Never judges them, and measures only a server that the test has started.
import { endpointId, parseTarget } from '../../../model/target.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { now } from '../../clock.ts';
import { createMeter } from '../../meter.ts';
import { openSampler, type SamplerOptions } from '../sampler.ts';

/** The first sample, and those it is compared with. */
const SAMPLES = 11;

export interface Cold extends Pick<SamplerOptions, 'http'> {
  readonly scheme: 'http' | 'https';
  readonly address: string;
  readonly port: number;
}

const { scheme, http, address, port } = JSON.parse(process.argv[2] ?? '') as Cold;
const ip = address as IpAddress;
const id = endpointId(ip, port);
const sampler = await openSampler({
  target: parseTarget(`${scheme}://sampled.example:${port}`),
  servername: 'sampled.example' as DnsName,
  trust: { caPem: null, insecure: false },
  identity: null,
  request: { method: 'GET', headers: [], body: null, userAgent: 'sampler-test' },
  http,
  timeoutMs: 10_000,
  limits: { bodyBytes: 65_536, headerBytes: 32_768 },
  meter: createMeter(),
  originMs: now(),
});
const totals: number[] = [];
for (let sequence = 0; sequence < SAMPLES; sequence++) {
  const endpoint = { id, address: ip, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null } as const;
  const { trace } = await sampler.sample(endpoint, sequence, new AbortController().signal);
  totals.push(trace.spans.total?.durationMs ?? Number.NaN);
}
await sampler.close();
process.stdout.write(JSON.stringify({ totals }));
