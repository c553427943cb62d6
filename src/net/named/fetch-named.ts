// Owns fetching what a stranger's document names: over http by undici, one bounded exchange at one pinned address, answers kept as long as
// they hold and shared by all who ask the same. Never goes where the address policy forbids, and trusts nothing of what comes.
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { DnsClient, Fetch, FetchNamed } from '../../contract/net.ts';
import { problemCatalogue } from '../../model/problem.ts';
import { endpointId, familyOf } from '../../model/target.ts';
import { type IpAddress, wireText } from '../../model/text.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { connectTo } from '../sample/connect.ts';
import { problemOf } from '../sample/failure.ts';
import { StepFailure } from '../sample/step.ts';
import { type KeptAnswers, keptAnswers } from './kept-answers.ts';
import { type NamedUrl, namedUrl, reachable, redirected } from './named-url.ts';

export interface FetchNamedOptions {
  readonly dns: Pick<DnsClient, 'lookup'>;
  readonly families: readonly (4 | 6)[];
  /** Bound on the connection and on the silence of a server; the whole takes at most four times as long. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly meter: Meter;
  /** Absent: what the process keeps. */
  readonly kept?: KeptAnswers;
}

const MAX_REDIRECTS = 2;
const MAX_AT_ONCE = 16;

const keptByProcess = keptAnswers();

/** Why an exchange was given up, in words. */
class GivenUp extends Error {}

export function openFetchNamed(options: FetchNamedOptions): FetchNamed {
  const kept = options.kept ?? keptByProcess;
  const waiting: (() => void)[] = [];
  let underWay = 0;
  const inTurn = async (question: Fetch, signal: AbortSignal): Promise<Uint8Array> => {
    if (underWay >= MAX_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    underWay++;
    try {
      return await follow(question, options, signal);
    } finally {
      underWay--;
      waiting.shift()?.();
    }
  };
  return async (question, signal) => {
    const startMs = now();
    const elapsed = (): number => Math.round((now() - startMs) * 1000) / 1000;
    try {
      const { body, fresh } = await kept.get(question, () => inTurn(question, signal));
      return { state: 'answered', body, kept: !fresh, elapsedMs: elapsed() };
    } catch (error) {
      return { state: 'failed', because: wireText(reasonOf(error), 200), elapsedMs: elapsed() };
    }
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof GivenUp) return error.message;
  const trouble = error instanceof StepFailure ? error.problem : problemOf(error, 'wait');
  const { says } = problemCatalogue[trouble.code];
  return error instanceof Error && /Timeout/.test(error.name) ? 'no answer in time' : says;
}

async function follow(question: Fetch, options: FetchNamedOptions, signal: AbortSignal): Promise<Uint8Array> {
  const untilLate = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs * 4)]);
  let at = orGiveUp(namedUrl(question.url));
  for (let redirects = 0; ; redirects++) {
    const answer = await exchange(at, question, options, untilLate);
    if ('body' in answer) return answer.body;
    if (redirects === MAX_REDIRECTS) throw new GivenUp(`it redirects more than ${MAX_REDIRECTS} times`);
    at = orGiveUp(redirected(at, answer.location));
  }
}

/** @throws GivenUp */
function orGiveUp(named: ReturnType<typeof namedUrl>): NamedUrl {
  if ('because' in named) throw new GivenUp(named.because);
  return named;
}

/** @throws GivenUp */
async function addressOf(
  { host }: NamedUrl,
  { reach }: Fetch,
  { dns, families }: FetchNamedOptions,
  signal: AbortSignal,
): Promise<IpAddress> {
  const all =
    'address' in host ? [host.address] : (await dns.lookup(host.name, signal)).addresses.map((one) => one.address);
  if (all.length === 0) throw new GivenUp('its name has no address');
  const own = all.filter((address) => families.includes(familyOf(address)));
  const address = reachable(own, reach);
  if (address === null) throw new GivenUp('its address is not public, and the target is');
  return address;
}

type Answer = { readonly body: Uint8Array } | { readonly location: string };

async function exchange(
  at: NamedUrl,
  question: Fetch,
  options: FetchNamedOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const address = await addressOf(at, question, options, signal);
  const { timeoutMs, meter } = options;
  const endpoint = {
    ...{ id: endpointId(address, at.port), address, port: at.port, family: familyOf(address) },
    ...{ zone: null, zoneSource: null, ttlSeconds: null },
  };
  let raw: Socket | null = null;
  try {
    const opened = await connectTo(
      endpoint,
      timeoutMs,
      signal,
      (socket) => {
        raw = socket;
      },
      () => meter.add({ connections: 1 }),
    );
    meter.add({ requests: 1 });
    return await request(secured(opened.socket, at), at, question, options, signal);
  } finally {
    const socket = raw as Socket | null;
    if (socket !== null) meter.add({ bytesSent: socket.bytesWritten, bytesReceived: socket.bytesRead });
    socket?.destroy();
  }
}

/** What is fetched is signed by its maker: who carries it over https need not be verified. */
function secured(socket: Socket, { url, host }: NamedUrl): Socket {
  if (url.protocol === 'http:') return socket;
  const servername = 'name' in host ? { servername: host.name } : {};
  return connectTls({ socket, ...servername, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
}

async function request(
  socket: Socket,
  { url }: NamedUrl,
  { post, maxBytes }: Fetch,
  { timeoutMs, userAgent }: FetchNamedOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { Client } = await import('undici');
  const client = new Client(url.origin, {
    connect: (_options, callback) => queueMicrotask(() => callback(null, socket)),
    ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, maxHeaderSize: 16_384, pipelining: 1 },
  });
  socket.on('error', () => undefined);
  try {
    const { statusCode, headers, body } = await client.request({
      path: `${url.pathname}${url.search}`,
      method: post === undefined ? 'GET' : 'POST',
      headers: { 'user-agent': userAgent, ...(post === undefined ? {} : { 'content-type': post.contentType }) },
      body: post === undefined ? null : Buffer.from(post.body),
      signal,
    });
    body.on('error', () => undefined);
    const location = headers['location'];
    if (statusCode >= 300 && statusCode < 400 && typeof location === 'string') return { location };
    if (statusCode !== 200) throw new GivenUp(`it answers HTTP ${statusCode}`);
    return { body: await readAll(body, maxBytes) };
  } finally {
    client.destroy().catch(() => undefined);
  }
}

async function readAll(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new GivenUp(`its answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
