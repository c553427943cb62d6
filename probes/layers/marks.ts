// Owns what answers carry for whoever looks into logs and traces: ids, trace context, other ways to the service. Pure.
import {
  decimal,
  type Fields,
  fieldValue,
  fieldValues,
  isNamed,
  listOf,
  memberOf,
  parameter,
  parameterOf,
} from '../../src/model/fields.ts';
import { capture, interpret, matches, textKey, type WireText, wireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import type { MarksRecord } from './evidence.ts';

/** Ids of requests and traces under the names that proxies, clouds and frameworks give them. */
const ID_HEADERS = [
  'x-request-id',
  'x-correlation-id',
  'request-id',
  'x-amzn-requestid',
  'x-amz-request-id',
  'x-amz-cf-id',
  'x-amz-apigw-id',
  'apigw-requestid',
  'x-ms-request-id',
  'x-azure-ref',
  'cf-ray',
  'x-fastly-request-id',
  'x-kong-request-id',
  'x-b3-traceid',
  'x-trace-id',
] as const;

/** Where an answer names the trace that it belongs to, and how the id is written there. */
const TRACE_HEADERS: readonly (readonly [string, RegExp])[] = [
  ['traceparent', /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-/],
  // W3C Trace Context, draft of a response header; members may be left out, the trace id first of all.
  ['traceresponse', /^[0-9a-f]{2}-([0-9a-f]{32})-/],
  ['x-amzn-trace-id', /Root=1-([0-9a-f]{8}-[0-9a-f]{24})/],
  ['x-cloud-trace-context', /^([0-9a-f]{32})\b/],
];

const MAX_WAYS = 16;

export function marksOf(traces: readonly RequestTrace[]): MarksRecord {
  const answers = traces.flatMap(({ http, traceId }) => (http === null ? [] : [{ headers: http.headers, traceId }]));
  return {
    ids: ID_HEADERS.flatMap((header) => {
      const values = answers.flatMap(({ headers }) => fieldValue(headers, header) ?? []);
      const distinct = new Set(values.map(textKey)).size;
      return values.length === 0 ? [] : [{ header, n: values.length, distinct }];
    }),
    traces: TRACE_HEADERS.flatMap(([header, pattern]) => {
      const named = answers.flatMap(({ headers, traceId }) => {
        const value = fieldValue(headers, header);
        const id = value === null ? null : capture(value, pattern);
        return id === null ? [] : [traceId !== undefined && isOurs(id, traceId)];
      });
      return named.length === 0 ? [] : [{ header, n: named.length, ours: named.filter(Boolean).length }];
    }),
    altSvc: waysOf(answers.map(({ headers }) => headers)),
  };
}

/** X-Ray writes a hyphen behind the first eight digits. */
function isOurs(id: WireText, traceId: string): boolean {
  return interpret(id, (raw) => raw.replace('-', '') === traceId);
}

/** Alt-Svc, RFC 7838 3: `h3=":443"; ma=86400`, or `clear`. */
function waysOf(answers: readonly Fields[]): MarksRecord['altSvc'] {
  const found = answers.flatMap((headers) =>
    fieldValues(headers, 'alt-svc').length === 0 ? [] : listOf(headers, 'alt-svc').map(wayOf),
  );
  const groups = Map.groupBy(found, ({ protocol, authority }) => JSON.stringify([protocol, authority]));
  return [...groups.values()]
    .flatMap((group) => (group[0] === undefined ? [] : [{ ...group[0], n: group.length }]))
    .toSorted((a, b) => b.n - a.n)
    .slice(0, MAX_WAYS);
}

function wayOf(piece: WireText): Omit<MarksRecord['altSvc'][number], 'n'> {
  const member = memberOf(piece);
  const { name, value } = parameterOf(member.value);
  const seconds = decimal(parameter(member, 'ma'));
  return {
    protocol: isNamed(name, 'clear') || matches(name, /^[\w.%+-]{1,32}$/) ? name : wireText('unreadable'),
    authority: value,
    maxAgeSeconds: seconds !== null && Number.isInteger(seconds) ? seconds : null,
  };
}
