// Owns one question and its answer over UDP, TCP or TLS, asked once: what is lost stays lost, as the exporter's users know it.
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import type { Socket } from 'node:net';
import { MalformedMessage } from '../../net/dns/names.ts';
import type { TlsConfig } from '../config/client.ts';
import { Late, type Phase } from '../failure.ts';
import { secondsSince } from '../gauges.ts';
import { dial, Reader, type SecuringContext, secure } from '../probers/connection.ts';
import { type Answer, readAnswer } from './message.ts';

export interface Asking {
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly localAddress: string | null;
  readonly question: Buffer;
  readonly signal: AbortSignal;
}

export interface SecureAsking extends Asking {
  /** null: in the clear. */
  readonly tls: { readonly config: TlsConfig; readonly servername: string; readonly context: SecuringContext } | null;
}

export interface Exchanged {
  /** Or why there is none. */
  readonly answer: Answer | Error;
  readonly phase: Phase;
  /** From the sending to the answer or its failure; 0 when nothing was sent. */
  readonly rttSeconds: number;
}

/** Without EDNS no server may send more (RFC 1035 4.2.1); what is longer is cut. */
const UDP_BYTES = 512;

/** Answers to other questions are passed over. */
export async function askByUdp(asking: Asking): Promise<Exchanged> {
  const { host, family, port, localAddress, question, signal } = asking;
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  let sentMs: number | null = null;
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const late = (): void => reject(new Late());
      signal.addEventListener('abort', late, { once: true });
      if (signal.aborted) late();
      socket.on('error', reject);
      socket.on('message', (bytes) => {
        try {
          const read = readAnswer(bytes.subarray(0, UDP_BYTES));
          if (read.id === question.readUInt16BE(0)) resolve(read);
        } catch (error) {
          reject(error);
        }
      });
      socket.on('connect', () => {
        sentMs = performance.now();
        socket.send(question);
      });
      if (localAddress === null) socket.connect(port, host);
      else socket.bind({ address: localAddress, exclusive: true }, () => socket.connect(port, host));
    });
    return { answer, phase: 'request', rttSeconds: secondsSince(sentMs ?? 0) };
  } catch (error) {
    return failed(error, 'connect', sentMs);
  } finally {
    letGo(socket);
  }
}

function letGo(socket: Datagrams): void {
  socket.removeAllListeners().on('error', () => undefined);
  try {
    socket.close();
  } catch {
    // It was closed by its own failure.
  }
}

function failed(error: unknown, phase: Phase, sentMs: number | null): Exchanged {
  const answer = error instanceof Error ? error : new Error(String(error));
  return sentMs === null
    ? { answer, phase, rttSeconds: 0 }
    : { answer, phase: 'request', rttSeconds: secondsSince(sentMs) };
}

/** Two bytes of length before each message (RFC 1035 4.2.2). An answer to another question is a failure. */
export async function askByTcp(asking: SecureAsking): Promise<Exchanged> {
  const { question, signal } = asking;
  let socket: Socket | null = null;
  let sentMs: number | null = null;
  let phase: Phase = 'connect';
  try {
    socket = await connected(asking, () => {
      phase = 'tls';
    });
    const reader = new Reader(socket, signal);
    sentMs = performance.now();
    socket.write(Buffer.concat([Buffer.of(question.length >> 8, question.length & 0xff), question]));
    const length = (await reader.exactly(2)).readUInt16BE(0);
    const answer = readAnswer(await reader.exactly(length));
    const rttSeconds = secondsSince(sentMs);
    return answer.id === question.readUInt16BE(0)
      ? { answer, phase: 'request', rttSeconds }
      : { answer: new MalformedMessage('dns: id mismatch'), phase: 'request', rttSeconds };
  } catch (error) {
    return failed(error, phase, sentMs);
  } finally {
    socket?.destroy();
  }
}

async function connected({ host, port, localAddress, signal, tls }: SecureAsking, onTls: () => void): Promise<Socket> {
  const socket = await dial({ to: { host, port, ...(localAddress === null ? {} : { localAddress }) }, signal });
  if (tls === null) return socket;
  onTls();
  return (await secure(socket, tls.config, tls.servername, tls.context)).socket;
}
