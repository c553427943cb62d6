// Owns one sample of a test: a sampler with plain settings against a server of the test, and what must hold of every trace.
// Never waits longer than the sampler's own bounds.
import { expect, inject, vi } from 'vitest';
import { endpointId, parseTarget } from '../../../model/target.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import type { Clock, RequestTrace } from '../../../model/trace.ts';
import { now } from '../../clock.ts';
import { createMeter } from '../../meter.ts';
import { openSampler, type Sample, type Sampler, type SamplerOptions } from '../sampler.ts';
import { rootPem, type TestServer } from './servers.ts';

/** Far beyond what a good answer takes on a busy machine. */
const PATIENT_MS = 10_000;
/** For servers that never answer. */
export const SHORT_MS = 400;
export const BODY_LIMIT = 65_536;
/** Sums of floating point differences. */
const ROUNDING_MS = 0.001;

type Where = Pick<TestServer, 'address' | 'port'>;

/** What a test changes: any option, and the scheme. */
export interface Change extends Partial<Omit<SamplerOptions, 'request'>> {
  readonly scheme?: 'http' | 'https';
  readonly path?: string;
  readonly request?: Partial<SamplerOptions['request']>;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** By which sockets samples are taken: vitest.config.ts runs the tests of the sampler by both. */
    readonly clock: Clock;
  }
}

export function optionsFor(where: Where, change: Change = {}): SamplerOptions {
  const { scheme = 'https', path = '/', request = {}, ...rest } = change;
  return {
    target: parseTarget(`${scheme}://sampled.example:${where.port}${path}`),
    servername: 'sampled.example' as DnsName,
    trust: { caPem: [rootPem], insecure: false },
    identity: null,
    request: { method: 'GET', headers: [], body: null, userAgent: 'sampler-test', ...request },
    http: '1.1',
    timeoutMs: PATIENT_MS,
    limits: { bodyBytes: BODY_LIMIT, headerBytes: 32_768 },
    meter: createMeter(),
    originMs: now(),
    clock: change.clock ?? inject('clock'),
    ...rest,
  };
}

/** One sample; the sampler is closed afterwards. */
export async function sampleOf(
  where: Where,
  change: Change = {},
  signal = new AbortController().signal,
  until?: Promise<void>,
): Promise<Sample> {
  const sampler = await openSampler(optionsFor(where, change));
  try {
    return await sampler.sample(endpointFor(where), 0, signal, until);
  } finally {
    await sampler.close();
  }
}

export function endpointFor({ address, port }: Where): Parameters<Sampler['sample']>[0] {
  const ip = address as IpAddress;
  return { id: endpointId(ip, port), address: ip, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null };
}

/** `code@step` of a problem, or the status. */
export function outcomeOf({ problem, http }: RequestTrace): string {
  return problem === null ? String(http?.status ?? 'nothing') : `${problem.code}@${problem.step}`;
}

/** The server holds no connection any more. */
export async function allClosed(server: TestServer): Promise<void> {
  await vi.waitFor(() => expect(server.open()).toBe(0), { timeout: 5_000, interval: 5 });
}

const RIDDEN = ['connect', 'tls', 'send', 'wait', 'receive'] as const;

/**
 * What holds of every trace: an answer or a problem; the spans up to the problem's step and none after it (the step itself may have
 * its span: `wait` ends at the first byte, the header may still be wrong); none negative; their sum within the total.
 */
export function expectSoundTrace(trace: RequestTrace, scheme: 'http' | 'https' = 'https'): void {
  const { spans, problem, http } = trace;
  const shown = JSON.stringify(trace);
  expect(() => JSON.parse(shown)).not.toThrow();
  const ridden = RIDDEN.filter((id) => id !== 'tls' || scheme === 'https');
  const present = ridden.flatMap((id) => (spans[id] === undefined ? [] : [spans[id]]));
  for (const span of present) expect(Number.isFinite(span.startMs) && span.durationMs >= 0, shown).toBe(true);
  for (const [at, span] of present.entries())
    expect(span.startMs, shown).toBeGreaterThanOrEqual(present[at - 1]?.startMs ?? 0);
  if (problem === null) {
    expect(http, shown).not.toBeNull();
    expect(Object.keys(spans), shown).toEqual([...ridden, 'total']);
    const sum = present.reduce((total, { durationMs }) => total + durationMs, 0);
    expect(sum, shown).toBeLessThanOrEqual((spans.total?.durationMs ?? 0) + ROUNDING_MS);
    return;
  }
  const failedAt = ridden.findIndex((id) => id === problem.step);
  expect(http, shown).toBeNull();
  expect([ridden.slice(0, failedAt), ridden.slice(0, failedAt + 1)], shown).toContainEqual(Object.keys(spans));
}

/** The bound for a case: short only where the end of it is what is expected. */
export function patienceFor(expected: readonly string[]): number {
  return expected.some((outcome) => outcome.includes('-timeout')) ? SHORT_MS : PATIENT_MS;
}
