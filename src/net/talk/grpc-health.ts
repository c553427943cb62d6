// Owns one gRPC health check (grpc.health.v1.Health/Check) over HTTP/2: in TLS, or in the clear by prior knowledge (RFC 9113 3.3).
// Never opens a connection, and keeps no more of the answer than its message.
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { HealthTalk } from '../../contract/talk.ts';
import { type Problem, problem } from '../../model/problem.ts';
import { problemOf } from '../sample/failure.ts';
import { keepSessionsBehindStreams } from '../sample/http2-order.ts';
import { runStep } from '../sample/step.ts';
import { factsOf } from './facts.ts';
import { HEALTH_PATH, healthRequest, servingState } from './health-message.ts';
import { MAX_SAID_BYTES, type Said, type Wire } from './wire.ts';

/** @throws StepFailure */
export async function checkHealth({ service }: HealthTalk, wire: Wire): Promise<Said> {
  keepSessionsBehindStreams();
  const { socket, authority, scheme, timeoutMs, signal } = wire;
  const session = connect(`${scheme}://${authority}`, {
    createConnection: () => socket,
    ...{ settings: { enablePush: false }, maxSessionMemory: 1 },
  });
  try {
    const bounds = { step: 'wait', timeoutMs, onTimeout: 'wait-timeout', signal } as const;
    const answer = await runStep<Answer>(bounds, (done, fail) => ask(session, service, wire, done, fail));
    return said(answer, service);
  } finally {
    session.destroy();
  }
}

interface Answer {
  readonly head: IncomingHttpHeaders;
  /** Of an answer without a message they are its head: "Trailers-Only". */
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(
  session: ClientHttp2Session,
  service: string,
  { authority, scheme, headers, timeoutMs, onAnswer }: Wire,
  done: (answer: Answer) => void,
  fail: (failure: Problem) => void,
): void {
  session.on('error', (error) => fail(problemOf(error, 'wait')));
  session.on('close', () => fail(problem('closed', 'wait')));
  const given = headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1] ?? '']] : []));
  const stream = session.request({
    ...Object.fromEntries(given.filter(([name]) => name !== 'host' && name !== 'accept')),
    ...{ ':method': 'POST', ':path': HEALTH_PATH, ':scheme': scheme, ':authority': authority },
    ...{ te: 'trailers', 'content-type': 'application/grpc', 'grpc-timeout': `${Math.min(timeoutMs, 99_999_999)}m` },
  });
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders | null = null;
  let body = Buffer.alloc(0);
  stream.on('response', (fields) => {
    onAnswer();
    head = fields;
  });
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('data', (chunk: Buffer) => {
    body = Buffer.concat([body, chunk.subarray(0, MAX_SAID_BYTES - body.byteLength)]);
    if (body.byteLength >= MAX_SAID_BYTES) stream.close();
  });
  stream.on('error', (error) => fail(problemOf(error, 'wait')));
  stream.on('end', () => done({ head, trailers: trailers ?? head, body }));
  stream.on('close', () => {
    if (head[':status'] === undefined) fail(problem('closed', 'wait'));
    else done({ head, trailers: trailers ?? head, body });
  });
  stream.end(healthRequest(service));
}

function said({ head, trailers, body }: Answer, service: string): Said {
  const state = servingState(body);
  const status = Number(head[':status'] ?? 0);
  const fields = trailers === head ? {} : { trailers };
  const http = factsOf({ version: '2', status, headers: head, ...fields, body });
  const refused = refusalOf(status, head, trailers, state, service);
  return { http, body: state === null ? null : Buffer.from(state), refused };
}

/** What the codes come to that this method ends with (grpc/status.h; health checking protocol). */
const CODES: Readonly<Record<string, string>> = {
  '3': 'INVALID_ARGUMENT',
  '4': 'DEADLINE_EXCEEDED',
  '5': 'NOT_FOUND',
  '7': 'PERMISSION_DENIED',
  '8': 'RESOURCE_EXHAUSTED',
  '12': 'UNIMPLEMENTED',
  '13': 'INTERNAL',
  '14': 'UNAVAILABLE',
  '16': 'UNAUTHENTICATED',
};

function refusalOf(
  status: number,
  head: IncomingHttpHeaders,
  trailers: IncomingHttpHeaders,
  state: string | null,
  service: string,
): string | null {
  const type = head['content-type'] ?? 'no content type';
  if (status !== 200) return `answered HTTP ${status}, not as gRPC does (200 and grpc-status)`;
  if (!/^application\/grpc($|[+;])/.test(type)) return `answered ${type.slice(0, 80)}: that is no gRPC`;
  const code = one(trailers['grpc-status']);
  if (code === null) return 'the answer ended without grpc-status';
  if (code !== '0') {
    const name = Object.hasOwn(CODES, code) ? ` ${CODES[code]}` : '';
    const message = one(trailers['grpc-message']);
    return `grpc-status ${code.slice(0, 10)}${name}${message === null ? '' : ` (${decoded(message)})`}${meaning(code, service)}`;
  }
  if (state === null) return 'the answer holds no message of grpc.health.v1';
  return state === 'SERVING' ? null : state;
}

function meaning(code: string, service: string): string {
  if (code === '12') return ': the server offers no health service (grpc.health.v1)';
  if (code === '5') return `: the server knows no service "${service}"`;
  return '';
}

function one(value: string | string[] | undefined): string | null {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? null : first;
}

/** Percent-encoded, and cut for a person. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message).slice(0, 200);
  } catch {
    return message.slice(0, 200);
  }
}
