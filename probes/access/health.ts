// Owns asking a health endpoint, where that was asked for: a given path, or the well-known ones in turn until one speaks of health. Judges nothing.
import type { CallRecord } from '../../src/contract/call.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { fieldValue } from '../../src/model/fields.ts';
import type { Health } from './evidence.ts';
import { readHealth } from './health-document.ts';
import type { AccessOptions } from './options.ts';

/** In the order asked. Kubernetes lists its parts only when it is asked to. */
export const WELL_KNOWN = [
  ...[
    '/health',
    '/healthz',
    '/readyz?verbose',
    '/ready',
    '/livez?verbose',
    '/actuator/health',
    '/health/ready',
    '/status',
  ],
];
const MOST_MS = 3000;
const BODY_BYTES = 65_536;

export async function healthOf(context: GatherContext<AccessOptions>): Promise<Health | null> {
  const { options, endpoints, net, signal } = context;
  const [endpoint] = endpoints;
  if (options.health === null || net.call === undefined || endpoint === undefined) return null;
  const paths = options.health === true ? WELL_KNOWN : [options.health];
  let last: Health | null = null;
  for (const path of paths) {
    if (signal.aborted) break;
    const record = await ask(path, context);
    if (record === null) break;
    // A query that a person gave may hold a key.
    const told = options.health === true ? path : (path.split('?')[0] ?? path);
    last = { endpoint: endpoint.id, path: told, tried: paths.indexOf(path) + 1, ...read(record) };
    if (last.format !== null) return last;
  }
  return last;
}

async function ask(
  path: string,
  { endpoints, net, target, request, signal }: GatherContext<AccessOptions>,
): Promise<CallRecord | null> {
  const [endpoint] = endpoints;
  if (net.call === undefined || endpoint === undefined) return null;
  const url = new URL(path, target.url).href;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
  // As the caller: health that is told to strangers is often one word.
  const headers = request?.headers ?? [];
  return net.call(
    { method: 'GET', url, headers, credentials: true, endpoint, body: null, maxBodyBytes: BODY_BYTES, reach: 'any' },
    soon,
  );
}

function read({
  http,
  body,
  problem,
}: CallRecord): Pick<Health, 'status' | 'problem' | 'format' | 'state' | 'dependencies'> {
  const text = body === null || http?.truncated === true ? '' : Buffer.from(body).toString('utf8');
  // A part that is down makes many answer 503, and say which.
  const speaks = http !== null && (http.status < 300 || http.status >= 500 || http.status === 429);
  const document = speaks ? readHealth(fieldValue(http.headers, 'content-type'), text) : null;
  return {
    ...{ status: http?.status ?? null, problem: problem?.code ?? null, format: document?.format ?? null },
    ...{ state: document?.state ?? 'unknown', dependencies: [...(document?.dependencies ?? [])] },
  };
}
