// Owns one question from the resolver to one authority: UDP, then TCP after truncation. Never retries elsewhere: resolver.ts does.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Reply, readReply, writeQuery } from './message.ts';

export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/** An authority that has not answered by then is passed over: unbound's first timeout. A busy machine keeps far below it. */
const TIMEOUT_MS = 376;

type Exchange = (message: Buffer, server: Upstream, signal: AbortSignal) => Promise<Buffer | null>;

/** From a connected socket, so that a closed port is told at once (ICMP) and nobody else can answer. */
const askUdp: Exchange = (message, server, signal) => {
  const socket = createSocket('udp4');
  const answer = new Promise<Buffer | null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
    socket.once('message', resolve);
    socket.on('error', () => resolve(null));
    socket.connect(server.port, server.address, () => socket.send(message, () => {}));
  });
  return answer.finally(() => socket.close());
};

const askTcp: Exchange = (message, server, signal) => {
  const socket = connect({ port: server.port, host: server.address });
  const answer = new Promise<Buffer | null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) resolve(received.subarray(2));
    });
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(null));
  });
  socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]));
  return answer.finally(() => socket.destroy());
};

/** Runs one exchange with a bound of its own; null when nothing came. */
async function bounded(
  exchange: Exchange,
  message: Buffer,
  server: Upstream,
  ended: AbortSignal,
): Promise<Buffer | null> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  const timer = setTimeout(stop, TIMEOUT_MS);
  ended.addEventListener('abort', stop, { once: true });
  try {
    return await exchange(message, server, limit.signal);
  } finally {
    clearTimeout(timer);
    ended.removeEventListener('abort', stop);
  }
}

/** The authority's answer, or null when it did not answer, could not be read or speaks without authority. */
export async function askAuthority(
  name: string,
  type: string,
  server: Upstream,
  ended: AbortSignal,
): Promise<Reply | null> {
  for (const exchange of [askUdp, askTcp]) {
    const id = randomInt(65_536);
    const bytes = await bounded(exchange, writeQuery(id, name, type), server, ended);
    const reply = bytes === null ? null : readReply(bytes, id, name);
    if (reply === null || !reply.authoritative) return null;
    if (!reply.truncated) return reply;
  }
  return null;
}
