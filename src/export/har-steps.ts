// Owns the steps of a journey file within an HTTP archive: a page a step and round, an entry an exchange. Pure. What it is given is concealed
// already, and of a body only the size is known.
import { fieldValue } from '../model/fields.ts';
import { problemCatalogue } from '../model/problem.ts';
import type { ExchangeTrace, StepTrace, TalkKind } from '../model/step-trace.ts';
import { visible } from '../model/text.ts';
import type { HttpFacts } from '../model/trace.ts';
import { type Pair, responseOf, shown, timeOf, timingsOf, versionOf } from './har-parts.ts';

export interface HarPage {
  readonly startedDateTime: string;
  readonly id: string;
  readonly title: string;
  readonly pageTimings: object;
}

/** Steps that sent nothing over HTTP have no page: an importer could show nothing of it. */
export function pagesOfSteps(steps: readonly StepTrace[], startedAtMs: number): readonly HarPage[] {
  return steps.flatMap((step, at) => {
    const first = step.exchanges.find(isHttp);
    if (first === undefined) return [];
    const { name, round, outcome, because } = step;
    const end = because === null ? outcome : `${outcome}: ${visible(because)}`;
    return [
      {
        ...{ startedDateTime: startOf(first, startedAtMs), id: idOf(at), pageTimings: {} },
        title: `step ${visible(name)}, round ${round + 1} (${end})`,
      },
    ];
  });
}

export function entriesOfSteps(steps: readonly StepTrace[], startedAtMs: number) {
  return steps.flatMap(({ exchanges }, at) =>
    exchanges.filter(isHttp).map((exchange) => entryOf(exchange, idOf(at), startedAtMs)),
  );
}

/** An archive holds HTTP alone: no lines, and of a WebSocket what its handshake was. */
function isHttp({ talk }: ExchangeTrace): boolean {
  return talk !== 'lines';
}

function idOf(at: number): string {
  return `step ${at + 1}`;
}

function startOf({ startMs }: ExchangeTrace, startedAtMs: number): string {
  return new Date(startedAtMs + startMs).toISOString();
}

function entryOf(exchange: ExchangeTrace, pageref: string, startedAtMs: number) {
  const { endpoint, spans, http, problem, talk, traceId, spanId } = exchange;
  const timings = timingsOf(spans);
  return {
    ...{ pageref, startedDateTime: startOf(exchange, startedAtMs), time: timeOf(timings) },
    request: requestOf(exchange),
    response: responseOf(http, contentOf),
    cache: {},
    timings,
    ...(endpoint === null ? {} : { serverIPAddress: endpoint.address }),
    ...(problem === null ? {} : { _error: `${problem.code}: ${problemCatalogue[problem.code].says}` }),
    // As browsers mark it.
    ...(talk === 'websocket' ? { _resourceType: 'websocket' } : {}),
    ...(traceId === undefined ? {} : { _traceId: traceId }),
    ...(spanId === undefined ? {} : { _spanId: spanId }),
  };
}

/** RFC 6455 4.1, gRPC over HTTP/2. */
const METHODS: Readonly<Partial<Record<TalkKind, string>>> = { websocket: 'GET', 'grpc-health': 'POST' };

function requestOf({ method, talk, url, headerNames, http, tls }: ExchangeTrace) {
  const isHttp2 = talk === 'grpc-health' || tls?.alpn === 'h2';
  return {
    ...{ method: talk === null ? method : (METHODS[talk] ?? method), url, cookies: [] },
    httpVersion: versionOf(http ?? (isHttp2 ? { version: '2' } : null)),
    headers: headerNames.map((name): Pair => ({ name: visible(name), value: `[secret header ${visible(name)}]` })),
    queryString: [...new URL(url).searchParams].map(([name, value]): Pair => ({ name, value })),
    ...{ headersSize: -1, bodySize: -1 },
    comment: 'values of header fields and of the query are not kept',
  };
}

/** What a later step takes out of a body is a secret, and so may be what none takes. */
function contentOf({ headers, bodyBytes }: HttpFacts) {
  const mimeType = shown(fieldValue(headers, 'content-type')) || 'x-unknown';
  return { size: bodyBytes, mimeType, comment: 'as transferred; the body of a step is not kept' };
}
