// Owns the warm-up: throw-away exchanges in memory, by the code of a real sample, so that the first sample does not pay for what a
// process does once (undici's parser, TLS, HTTP/2). Lets nothing leave this machine, counts nothing, and sends nothing of the caller's.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { type Endpoint, endpointId } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import type { HttpFacts } from '../../model/trace.ts';
import { now } from '../clock.ts';
import type { Stamping } from '../stamped/open.ts';
import { NO_CHAIN } from './chain-walk.ts';
import { connectTo } from './connect.ts';
import { type ExchangeRequest, exchange } from './exchange.ts';
import { openFieldStore } from './fields.ts';
import { handshake } from './handshake.ts';
import { trialKeyPem, trialPem } from './trial-chain.ts';

/** HTTP/1.1 without TLS, or what ALPN calls a protocol. */
export type Protocol = 'plain' | 'http/1.1' | 'h2';

/** Tried: the first saves 5 ms, the second 0.7, the third 0.2, further ones nothing. */
const ROUNDS = 3;
/** For a process that is stopped meanwhile; a round takes a few milliseconds. */
const TIMEOUT_MS = 2_000;

const REQUEST: ExchangeRequest = {
  ...{ origin: 'https://trial.invalid', path: '/', method: 'GET', body: null },
  headers: ['host', 'trial.invalid', 'user-agent', 'trial', 'accept', '*/*'],
  limits: { bodyBytes: 1_024, headerBytes: 16_384 },
  timeoutMs: TIMEOUT_MS,
};

const LOOPBACK = '127.0.0.1' as IpAddress;

const warmed = new Map<Protocol, Promise<void>>();
/** By Node's sockets, and by our own. */
const connecting: { node?: Promise<void>; own?: Promise<void> } = {};

/** Once a process and protocol, and once by sockets of our own where `stamping` makes them. Never rejects: without it the first sample is slower, and nothing else. */
export async function warmUp(
  protocols: readonly Protocol[],
  context: SecureContext,
  stamping: Stamping | null,
): Promise<void> {
  keepCompilerQuiet();
  await (stamping === null ? (connecting.node ??= connectToSelf(null)) : (connecting.own ??= connectToSelf(stamping)));
  for (const protocol of protocols) {
    const rounds = warmed.get(protocol) ?? rehearseAll(protocol, context);
    warmed.set(protocol, rounds);
    await rounds;
  }
}

/**
 * Undici's HTTP/1.1 parser is WebAssembly. V8 compiles its busy functions anew in other threads while samples run, and on a machine
 * with few cores some of the first twenty then take 3 to 8 ms longer. The plain code is fast enough: a header takes microseconds.
 */
function keepCompilerQuiet(): void {
  setFlagsFromString('--wasm-tiering-budget=1000000000');
}

/** A connect to ourselves and a byte each way, which leaves this machine no more than the pipes do. */
async function connectToSelf(stamping: Stamping | null): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined).once('data', () => socket.end('x')));
  try {
    await once(server.listen(0, LOOPBACK), 'listening');
    const { port } = server.address() as AddressInfo;
    const id = endpointId(LOOPBACK, port);
    const endpoint: Endpoint = {
      id,
      address: LOOPBACK,
      port,
      family: 4,
      zone: null,
      zoneSource: null,
      ttlSeconds: null,
    };
    const { signal } = new AbortController();
    const { socket } = await connectTo(
      endpoint,
      TIMEOUT_MS,
      signal,
      () => undefined,
      () => undefined,
      stamping,
    );
    socket.write('x');
    await once(socket, 'data', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    socket.destroy();
  } catch {
    // A machine that cannot listen can still ride.
  } finally {
    server.close();
  }
}

async function rehearseAll(protocol: Protocol, context: SecureContext): Promise<void> {
  try {
    for (let round = 0; round < ROUNDS; round++) await rehearse(protocol, context);
  } catch {
    // Whatever is wrong, the first sample says it better.
  }
}

/** One handshake and exchange between two ends of a pipe. @throws StepFailure */
export async function rehearse(protocol: Protocol, context: SecureContext): Promise<HttpFacts> {
  const [here, there] = duplexPair();
  const { signal } = new AbortController();
  // Undici and node:tls take any duplex stream for a socket.
  let socket = here as Socket;
  try {
    if (protocol === 'plain') answerText(there);
    else {
      answerSecured(there, protocol);
      const wanted = { context, servername: null, alpn: [protocol], timeoutMs: TIMEOUT_MS, readsChain: true };
      socket = await handshake(socket, wanted, { chain: NO_CHAIN, facts: null, staple: null }, signal);
    }
    const moments = { beginMs: now(), sentMs: null, firstByteMs: null, endMs: null };
    return await exchange(socket, REQUEST, moments, signal, openFieldStore());
  } finally {
    here.destroy();
    there.destroy();
  }
}

const OK = 'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nok';

function answerText(there: Duplex): void {
  there.on('error', () => undefined).once('data', () => there.write(OK));
}

function answerSecured(there: Duplex, protocol: 'http/1.1' | 'h2'): void {
  const secureContext = createSecureContext({ cert: trialPem, key: trialKeyPem });
  const server = new TLSSocket(there as Socket, { isServer: true, secureContext, ALPNProtocols: [protocol] });
  if (protocol === 'h2') answerFrames(server);
  else answerText(server);
}

/** RFC 9113 3.4: what a client sends before its first frame. */
const PREFACE_BYTES = 24;
/** RFC 9113 4.1. */
const FRAME_HEADER_BYTES = 9;
const HEADERS = 1;
/** SETTINGS without any, and the acknowledgement of the client's: RFC 9113 6.5. */
const GREETING = Buffer.from('000000040000000000000000040100000000', 'hex');
/** On stream 1: HEADERS of `:status: 200` (RFC 7541 appendix A, 8), and DATA of two bytes that ends the stream. */
const ANSWER = Buffer.from('000001010400000001880000020001000000016f6b', 'hex');

/** The least of a server: node:http2's own throws where nobody can catch it when the other side is destroyed at once. */
function answerFrames(server: TLSSocket): void {
  let bytes = Buffer.alloc(0);
  let at = PREFACE_BYTES;
  server.on('error', () => undefined);
  server.on('data', (chunk: Buffer) => {
    if (bytes.byteLength === 0) server.write(GREETING);
    bytes = Buffer.concat([bytes, chunk]);
    while (at + FRAME_HEADER_BYTES <= bytes.byteLength) {
      if (bytes[at + 3] === HEADERS) server.write(ANSWER);
      at += FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
    }
  });
}
