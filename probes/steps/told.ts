// Owns an exchange as traces are drawn from it: without values of secrets, cookies, captures and queries, and without the body, which may hold
// what only a later step captures.
import { isNamed } from '../../src/model/fields.ts';
import type { ExchangeTrace } from '../../src/model/step-trace.ts';
import { type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import { HEALTH_PATH } from '../../src/net/talk/health-message.ts';
import { plain } from './answer.ts';
import type { Sent } from './run-step.ts';
import { withoutOwnScheme } from './talk-kind.ts';
import { type Hide, hidden } from './written.ts';

/** Fields that hold no key by what they are for. Of others the name is told. */
const TOLD: ReadonlySet<string> = new Set([
  ...['server', 'via', 'age', 'date', 'cache-control', 'content-type', 'content-length', 'content-encoding', 'vary'],
  ...['retry-after', 'server-timing', 'traceparent', 'traceresponse', 'x-amzn-trace-id', 'x-amzn-requestid'],
  ...['x-request-id', 'x-correlation-id', 'x-cache', 'x-amz-cf-id', 'x-amz-cf-pop', 'cf-ray', 'x-served-by'],
  ...['x-envoy-upstream-service-time', 'x-envoy-attempt-count', 'allow', 'accept-ranges', 'last-modified'],
  ...['strict-transport-security', 'alt-svc', 'connection', 'transfer-encoding', 'upgrade', 'grpc-status'],
]);
const MAX_VALUE = 512;
const MASKED = wireText('[masked]');

/** @param asked the URL of the first request, as the person wrote it: an answer chose the others */
export function toldExchange(sent: Sent, asked: string, hide: Hide): ExchangeTrace {
  const { method, talk, headerNames, record, isChosen, url } = sent;
  const { endpoint, startMs, spans, reused, tcp, tls, http, problem, traceId, spanId } = record;
  const sentTo = shown(isChosen ? url.href : withoutOwnScheme(asked), url.href, hide);
  return {
    ...{ method, talk, endpoint, startMs, spans, reused, tcp, tls },
    // Whatever path and query the step's URL has.
    url: talk === 'grpc-health' ? new URL(HEALTH_PATH, sentTo).href : sentTo,
    headerNames: headerNames.map(hide),
    http: http === null ? null : toldAnswer(http, url.href, hide),
    problem:
      problem === null
        ? null
        : { ...problem, detail: problem.detail === null ? null : hidden(plain(problem.detail), hide) },
    ...(traceId === undefined ? {} : { traceId }),
    ...(spanId === undefined ? {} : { spanId }),
  };
}

const NOWHERE = 'https://concealed.invalid/';

/** A URL also where the name of a secret stands in it; values of its query may be keys. */
function shown(text: string, sentTo: string, hide: Hide): string {
  const sent = new URL(sentTo);
  const made = new URL(hide(sent.origin) === sent.origin ? sent.origin : NOWHERE);
  const url = URL.parse(text, sentTo);
  if (url === null) return made.href;
  made.pathname = hide(url.pathname);
  made.search = hide(url.search.replaceAll(/=[^&]*/g, '=*'));
  return made.href;
}

function toldAnswer(http: HttpFacts, from: string, hide: Hide): HttpFacts {
  const told = (fields: HttpFacts['headers']): HttpFacts['headers'] =>
    fields.map(([name, value]) => [hidden(plain(name), hide), valueOf(name, value, from, hide)] as const);
  return {
    ...http,
    ...{ headers: told(http.headers), trailers: told(http.trailers), bodySha256: '', bodyStart: wireText('') },
  };
}

function valueOf(name: WireText, value: WireText, from: string, hide: Hide): WireText {
  if (isNamed(name, 'location')) {
    const to = URL.parse(plain(value), from);
    if (to === null || (to.protocol !== 'https:' && to.protocol !== 'http:')) return MASKED;
    return wireText(shown(to.href, to.href, hide));
  }
  return TOLD.has(plain(name).toLowerCase()) ? hidden(plain(value), hide, MAX_VALUE) : MASKED;
}
