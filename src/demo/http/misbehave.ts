// Owns the scripted faults of a zone's listener, before TLS (on the bare connection) and after it (on a request). Never answers well.
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Lifetime } from '../lifetime.ts';
import { type Random, randomOctets } from '../random.ts';
import type { ZoneFault } from '../script.ts';
import { type Headers, type Request, type Response, start } from './respond.ts';

const DRIP_MS = 100;
const MIB = 1_048_576;

const socketFaultNames = [
  'refuse',
  'blackhole',
  'reset',
  'garbage',
  'plain-http',
  'tls-tarpit',
] as const satisfies readonly ZoneFault[];
/** Faults that need no TLS. */
export type SocketFault = (typeof socketFaultNames)[number];
/** Faults of the answer, behind a good handshake. */
export type RequestFault = Exclude<ZoneFault, SocketFault | 'none'>;

export function isSocketFault(fault: ZoneFault): fault is SocketFault {
  return socketFaultNames.some((name) => name === fault);
}

/** One byte at a time, for as long as the world lasts. */
async function* drips(lifetime: Lifetime): AsyncGenerator<Buffer> {
  for (let at = 0; await lifetime.sleep(DRIP_MS); at++) yield Buffer.of(at & 0x3f);
}

/** Sends all of it, or until either side goes away. */
function pour(source: Iterable<Buffer> | AsyncIterable<Buffer>, sink: NodeJS.WritableStream): void {
  pipeline(Readable.from(source), sink, () => {});
}

/** @returns what to do with each new connection of a faulty listener */
export function socketFaults(random: Random, lifetime: Lifetime): (fault: SocketFault, socket: Socket) => void {
  const plain = createServer((_, response) => response.end('this is not TLS\n'));
  return (fault, socket) => {
    switch (fault) {
      case 'refuse':
      case 'reset':
        socket.resetAndDestroy();
        return;
      case 'blackhole':
        socket.resume();
        return;
      case 'garbage':
        socket.resume();
        // 0x7f is no TLS record type and no letter of HTTP.
        socket.end(Buffer.concat([Buffer.of(0x7f), randomOctets(random, 512)]));
        return;
      case 'plain-http':
        plain.emit('connection', socket);
        return;
      case 'tls-tarpit':
        socket.resume();
        // The head of a handshake record of 16 KiB (RFC 8446 5.1), then its body byte by byte.
        socket.write(Buffer.of(0x16, 0x03, 0x03, 0x40, 0x00, 0x02, 0x00, 0x3f, 0xfc));
        pour(drips(lifetime), socket);
    }
  };
}

/** Gzip members one after the other are one valid stream (RFC 1952 2.2): 512 MiB of zeros for the work of one. */
function gzipBomb(): readonly Buffer[] {
  const member = gzipSync(Buffer.alloc(MIB), { level: 9 });
  return Array.from({ length: 512 }, () => member);
}

function* endless(): Generator<Buffer> {
  const chunk = Buffer.alloc(16_384, 'z');
  for (;;) yield chunk;
}

/** Misbehaves on one request. The stream ends with the client's connection or with the world. */
export function misbehave(fault: RequestFault, request: Request, response: Response, lifetime: Lifetime): void {
  request.resume();
  switch (fault) {
    case 'close-after-request':
      request.socket.destroy();
      return;
    case 'huge-headers': {
      const filler = Array.from({ length: 256 }, (_, at): Headers[number] => [`x-filler-${at}`, 'x'.repeat(1024)]);
      start(response, 200, filler);
      response.end('ok\n');
      return;
    }
    case 'gzip-bomb':
      start(response, 200, [
        ['content-type', 'application/json'],
        ['content-encoding', 'gzip'],
      ]);
      pour(gzipBomb(), response);
      return;
    case 'endless-body':
      start(response, 200, [['content-type', 'application/octet-stream']]);
      pour(endless(), response);
      return;
    case 'tarpit':
      start(response, 200, [
        ['content-type', 'text/plain'],
        ['content-length', String(MIB)],
      ]);
      pour(drips(lifetime), response);
  }
}
