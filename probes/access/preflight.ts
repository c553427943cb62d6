// Owns the requests of the access probe that are asked once in a journey: OPTIONS as a browser asks it, and TRACE where it is wanted.
// Bounded in number, size and time; judges nothing.
import type { CallRecord, CallRequest } from '../../src/contract/call.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { decimal, type Fields, fieldValue, listOf } from '../../src/model/fields.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { sameText, type WireText } from '../../src/model/text.ts';
import { askable } from './askable.ts';
import type { Preflight, TraceMethod } from './evidence.ts';
import type { AccessOptions } from './options.ts';

/** Of no host (RFC 2606 2): whoever gives it back gives back any. */
const ORIGIN = 'https://outrider.invalid';
const MOST_MS = 2000;
const BODY_BYTES = 4096;
const MOST_METHODS = 16;
const MOST_HEADERS = 32;

type Once = Pick<CallRequest, 'method' | 'headers'>;

async function askOnce(
  once: Once,
  endpoint: Endpoint,
  { net, target, signal }: GatherContext<AccessOptions>,
): Promise<CallRecord | null> {
  if (net.call === undefined || signal.aborted) return null;
  const { url } = target;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
  return net.call({ ...once, url, endpoint, body: null, maxBodyBytes: BODY_BYTES, reach: 'any' }, soon);
}

export async function preflightOf(context: GatherContext<AccessOptions>): Promise<Preflight | null> {
  const endpoint = askable(context);
  if (!context.options.preflight || endpoint === undefined) return null;
  const method = context.request?.method ?? 'GET';
  const headers = [
    ['Origin', ORIGIN],
    ['Access-Control-Request-Method', method],
    ['Access-Control-Request-Headers', 'authorization'],
  ] as const;
  const record = await askOnce({ method: 'OPTIONS', headers }, endpoint, context);
  return record === null ? null : read(record, endpoint, method);
}

/** The preflight answer as the Fetch standard reads it (4.8, CORS-preflight fetch). */
function read({ http, problem }: CallRecord, endpoint: Endpoint, method: string): Preflight {
  const fields: Fields = http?.headers ?? [];
  const allowOrigin = fieldValue(fields, 'access-control-allow-origin');
  const credentials = fieldValue(fields, 'access-control-allow-credentials');
  return {
    ...{ endpoint: endpoint.id, origin: ORIGIN, method, status: http?.status ?? null, problem: problem?.code ?? null },
    allow: fieldValue(fields, 'allow') === null ? null : listOf(fields, 'allow').slice(0, MOST_METHODS),
    ...{ allowOrigin, origins: originsOf(allowOrigin) },
    // `true` in these letters alone: Fetch 3.3.3.
    credentials: credentials !== null && sameText(credentials, 'true'),
    allowMethods: listOf(fields, 'access-control-allow-methods').slice(0, MOST_METHODS),
    allowHeaders: listOf(fields, 'access-control-allow-headers').slice(0, MOST_HEADERS),
    maxAgeSeconds: decimal(fieldValue(fields, 'access-control-max-age')),
  };
}

function originsOf(allowed: WireText | null): Preflight['origins'] {
  if (allowed === null) return 'none';
  if (sameText(allowed, '*')) return 'any';
  if (sameText(allowed, ORIGIN)) return 'reflected';
  return sameText(allowed, 'null') ? 'null' : 'others';
}

/** Without any header of the caller's: what comes back is in the body. */
export async function traceMethodOf(context: GatherContext<AccessOptions>): Promise<TraceMethod | null> {
  const endpoint = askable(context);
  if (!context.options.tryTrace || endpoint === undefined) return null;
  const record = await askOnce({ method: 'TRACE', headers: [] }, endpoint, context);
  if (record === null) return null;
  const { http, body, problem } = record;
  const echoed =
    http?.status === 200 &&
    Buffer.from(body ?? [])
      .toString('latin1')
      .startsWith('TRACE ');
  return { endpoint: endpoint.id, status: http?.status ?? null, echoed, problem: problem?.code ?? null };
}
