// Owns the way from the steps of a journey file to spans: one trace a round, in it a span a step, below that each exchange as a sample's are. Pure.
// What it is given holds no secret.

import type { ExchangeTrace, StepTrace } from '../model/step-trace.ts';
import { bareHost, type Endpoint, type Target } from '../model/target.ts';
import type { EndpointId } from '../model/text.ts';
import { type IpAddress, visible } from '../model/text.ts';
import type { RequestTrace } from '../model/trace.ts';
import { known, type TraceSpan } from './span.ts';
import { endOf, partsOf, type SpanInput } from './spans.ts';

export type StepSpanInput = Pick<SpanInput, 'sampled' | 'mint' | 'newSpanId'> & {
  readonly journey: SpanInput['journey'];
  readonly userAgent: string;
  readonly steps: readonly StepTrace[];
};

export function spansOfSteps(input: StepSpanInput): readonly TraceSpan[] {
  const rounds = Map.groupBy(input.steps, ({ round }) => round);
  return [...rounds].flatMap(([round, steps]) => spansOfRound(input, round, steps));
}

interface Round {
  readonly input: StepSpanInput;
  readonly traceId: string;
  readonly rootId: string;
}

function spansOfRound(input: StepSpanInput, round: number, steps: readonly StepTrace[]): readonly TraceSpan[] {
  const { journey, newSpanId, mint, sampled } = input;
  const firstMs = steps.find(({ startMs }) => startMs !== null)?.startMs ?? 0;
  const carried = steps.flatMap(({ exchanges }) => exchanges).find(({ traceId }) => traceId !== undefined)?.traceId;
  const traceId = carried ?? mint(Date.parse(journey.startedAt) + firstMs).traceId;
  const within: Round = { input, traceId, rootId: newSpanId() };
  const below: TraceSpan[] = [];
  let lastMs = firstMs;
  for (const step of steps) {
    const spans = spansOfStep(within, step, lastMs);
    below.push(...spans);
    lastMs = spans[0]?.endMs ?? lastMs;
  }
  const failed = steps.find(({ outcome }) => outcome !== 'passed');
  const root: TraceSpan = {
    ...{ traceId, spanId: within.rootId, parentSpanId: null, name: 'outrider steps', kind: 'internal', sampled },
    startMs: Math.min(...below.map(({ startMs }) => startMs)),
    endMs: Math.max(...below.map(({ endMs }) => endMs)),
    attributes: known({
      ...{ 'outrider.journey.id': journey.id, 'outrider.steps.round': round },
      'error.type': failed?.outcome,
    }),
    ...{ events: [], links: [], error: failed === undefined ? null : `step "${visible(failed.name)}"` },
  };
  return [root, ...below];
}

function spansOfStep(round: Round, step: StepTrace, lastMs: number): readonly TraceSpan[] {
  const { input, traceId, rootId } = round;
  const spanId = input.newSpanId();
  const beganMs = step.startMs ?? lastMs;
  const saidMs = beganMs + step.durationMs;
  const below = step.exchanges.flatMap((exchange, at) =>
    spansOfExchange({ ...round, rootId: spanId }, exchange, at, saidMs),
  );
  const isMet = step.outcome === 'passed';
  const span: TraceSpan = {
    ...{ traceId, spanId, parentSpanId: rootId, name: `step ${visible(step.name)}`, kind: 'internal' },
    startMs: Math.min(beganMs, ...below.map(({ startMs }) => startMs)),
    endMs: Math.max(saidMs, ...below.map(({ endMs }) => endMs)),
    attributes: known({
      ...{ 'outrider.step.name': visible(step.name), 'outrider.step.outcome': step.outcome },
      ...{ 'outrider.steps.round': step.round, 'outrider.step.duration_ms': step.durationMs },
      'error.type': isMet ? null : step.outcome,
    }),
    ...{ events: [], links: [], sampled: input.sampled },
    error: isMet ? null : visible(step.because ?? step.outcome),
  };
  return [span, ...below];
}

/** For an exchange that went nowhere; no span shows it then. */
const NOWHERE = '0.0.0.0' as IpAddress;

function spansOfExchange(
  { input, traceId, rootId }: Round,
  exchange: ExchangeTrace,
  at: number,
  stepEndMs: number,
): readonly TraceSpan[] {
  const { method, talk, headerNames, startMs, spans, tcp, tls, http, problem, url } = exchange;
  const target = targetOf(url);
  const endpoint: Endpoint = exchange.endpoint ?? {
    ...{ id: '' as EndpointId, address: NOWHERE, port: target.port, family: 4 },
    ...{ zone: null, zoneSource: null, ttlSeconds: null },
  };
  const trace: RequestTrace = {
    ...{ endpoint: endpoint.id, sequence: at, startMs, spans, tcp, tls, http },
    // What had nowhere to go is told by the step.
    problem: exchange.endpoint === null ? null : problem,
    ...(problem === null ? {} : { endedAfterMs: Math.max(0, stepEndMs - startMs) }),
    traceId,
  };
  const isOwnAgent = headerNames.some((name) => name.toLowerCase() === 'user-agent');
  const isTalk = talk !== null;
  const userAgent = isOwnAgent || isTalk ? null : input.userAgent;
  const sampleInput: SpanInput = {
    ...input,
    journey: { ...input.journey, target },
    ride: { traces: [], lookups: [], certificates: new Map() },
    request: { method, userAgent, isTalk, ...(at === 0 ? {} : { resends: at }) },
  };
  const requestId = exchange.spanId ?? input.newSpanId();
  return partsOf({ input: sampleInput, trace, endpoint, traceId, rootId, requestId, endMs: endOf(trace) });
}

function targetOf(url: string): Target {
  const asked = new URL(url);
  const { protocol, port, href } = asked;
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const host = bareHost(asked) as Target['host'];
  const usual = scheme === 'https' ? 443 : 80;
  return { input: '', url: href, scheme, host, isAddress: false, port: port === '' ? usual : Number(port) };
}
