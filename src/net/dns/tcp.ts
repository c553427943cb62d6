// Owns one question over TCP: our own two-byte framing (RFC 1035 4.2.2), bounded by what the two bytes can say.
// Never waits longer than its time, however slowly the bytes drip.
import { connect } from 'node:net';
import { problem } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';
import type { Meter } from '../meter.ts';
import { onSyn } from '../on-syn.ts';
import { type SocketMoment, socketProblem } from './socket-problem.ts';
import { type Asking, type Heard, listen, silence } from './udp.ts';

export interface TcpAsking extends Asking {
  readonly meter: Meter;
}

/** One connection for one query; it is closed after the answer. */
export function askByTcp({ server, query, timeoutMs, meter, signal }: TcpAsking): Promise<Heard> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ state: 'cancelled' });
    const socket = connect({ host: server.address, port: server.port, autoSelectFamily: false });
    const frame = new Frame();
    let moment: SocketMoment = 'open';
    const finish = (heard: Heard) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket.removeAllListeners().on('error', () => {});
      socket.destroy();
      resolve(heard);
    };
    const cancel = () => finish({ state: 'cancelled' });
    const timer = setTimeout(() => finish(silence()), timeoutMs);
    signal.addEventListener('abort', cancel, { once: true });
    onSyn(socket, () => meter.add({ connections: 1 }));
    socket.on('error', (error) => finish({ state: 'failed', problem: socketProblem(error, server.address, moment) }));
    socket.on('close', () => finish(cutOff()));
    socket.on('connect', () => {
      moment = 'sent';
      const bytes = framed(query.bytes);
      meter.add({ dnsQueries: 1, bytesSent: bytes.length });
      socket.write(bytes);
    });
    socket.on('data', (chunk: Buffer) => {
      meter.add({ bytesReceived: chunk.length });
      const bytes = frame.take(chunk);
      if (bytes !== null) finish(listen(query, bytes) ?? stranger());
    });
  });
}

/** The message with its length before it, in one piece, so that no segment holds the length alone (RFC 7766 8). */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);
}

/** Collects the first framed message of a stream; at most 65,537 bytes are ever kept. */
class Frame {
  #bytes = Buffer.alloc(0);
  take(chunk: Buffer): Buffer | null {
    const wanted = this.#wanted();
    this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(0, wanted - this.#bytes.length)]);
    const length = this.#wanted();
    return this.#bytes.length >= 2 && this.#bytes.length >= length ? this.#bytes.subarray(2, length) : null;
  }
  #wanted(): number {
    return this.#bytes.length < 2 ? 2 + 0xffff : 2 + this.#bytes.readUInt16BE(0);
  }
}

function cutOff(): Heard {
  return { state: 'failed', problem: problem('dns-unreachable', 'resolve', wireText('connection closed')) };
}

function stranger(): Heard {
  return { state: 'failed', problem: problem('dns-malformed', 'resolve', wireText('a reply to another question')) };
}
