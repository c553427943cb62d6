// Owns a receiver of OTLP over HTTP for tests: what comes is decoded by the official protobuf definitions, as OpenTelemetry's own packages
// carry them. A field that they do not know, or of another type, is an error. Never leaves the loopback network.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

interface MessageType {
  fromObject(value: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): object;
}

// The package does not export them by name.
const { resolve } = createRequire(import.meta.url);
const rootFile = resolve('@opentelemetry/otlp-transformer').replace(/index\.js$/, 'generated/root.js');
const { default: root } = (await import(rootFile)) as {
  default: { opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: MessageType } } } } } };
};
const { ExportTraceServiceRequest } = root.opentelemetry.proto.collector.trace.v1;

export interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
    readonly arrayValue?: { readonly values: readonly KeyValue['value'][] };
  };
}

export interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly events?: readonly { readonly name: string; readonly timeUnixNano: string }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

export interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly WireSpan[] }[];
  }[];
}

const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);

/** In OTLP's JSON ids are hex where protobuf's mapping has base64. */
function mapped(value: unknown, ids: (text: string) => unknown, key = ''): unknown {
  if (IDS.has(key)) return ids(value as string);
  if (Array.isArray(value)) return value.map((item) => mapped(item, ids));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapped(item, ids, name)]));
}

/** Through the binary form and back: what the definitions do not know is lost on the way. */
export function decodeTraceRequest(json: string): { readonly sent: TraceRequest; readonly decoded: TraceRequest } {
  const sent = JSON.parse(json) as TraceRequest;
  const message = ExportTraceServiceRequest.fromObject(mapped(sent, (text) => Buffer.from(text, 'hex')) as object);
  const back = ExportTraceServiceRequest.decode(ExportTraceServiceRequest.encode(message).finish());
  const object = ExportTraceServiceRequest.toObject(back, { longs: String, enums: Number, bytes: String });
  return { sent, decoded: mapped(object, (text) => Buffer.from(text, 'base64').toString('hex')) as TraceRequest };
}

export function spansIn(requests: readonly TraceRequest[]): readonly WireSpan[] {
  return requests.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
}

/** @param list absent when there is none, as protobuf has it */
export function attributesOf(list: readonly KeyValue[] = []): Record<string, unknown> {
  const plain = ({ stringValue, intValue, doubleValue, boolValue, arrayValue }: KeyValue['value']): unknown =>
    arrayValue === undefined
      ? (stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue)))
      : arrayValue.values.map(plain);
  return Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]));
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly TraceRequest[];
  /** Header and path of each, and the body as it was read. */
  readonly heads: readonly { readonly path: string; readonly headers: IncomingHttpHeaders; readonly text: string }[];
  /** What was wrong with what came. */
  readonly faults: readonly string[];
}

/** @param answers status, header and body of the first answers; then it takes everything */
export async function startOtlpReceiver(
  answers: readonly (readonly [number, Record<string, string>, string])[] = [],
): Promise<OtlpReceiver> {
  const requests: TraceRequest[] = [];
  const heads: { path: string; headers: IncomingHttpHeaders; text: string }[] = [];
  const faults: string[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8');
    heads.push({ path: request.url ?? '', headers: request.headers, text });
    const [status, headers, answer] = answers[heads.length - 1] ?? [200, {}, '{}'];
    if (status === 200) {
      try {
        const { sent, decoded } = decodeTraceRequest(text);
        if (!isSame(sent, decoded)) faults.push(firstDifference(sent, decoded));
        requests.push(decoded);
      } catch (error) {
        faults.push(String(error));
      }
    }
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(answer);
  };
  const server = createServer((request, response) => void take(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    heads,
    faults,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Order of fields aside. */
function firstDifference(sent: unknown, decoded: unknown, path = ''): string {
  if (typeof sent !== 'object' || sent === null)
    return `${path}: ${JSON.stringify(sent)} is ${JSON.stringify(decoded)}`;
  const other = (decoded ?? {}) as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(sent), ...Object.keys(other)])];
  const key = keys.find((each) => !isSame((sent as Record<string, unknown>)[each], other[each]));
  return key === undefined ? '' : firstDifference((sent as Record<string, unknown>)[key], other[key], `${path}/${key}`);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
