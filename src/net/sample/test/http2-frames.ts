// Owns HTTP/2 servers written frame by frame, so that a test can send what node:http2 never would (RFC 9113 4, RFC 7541).
// Never reads more of a request than where it ends.
import type { Socket } from 'node:net';

export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  continuation: 9,
};
export const END_STREAM = 1;
export const END_HEADERS = 4;
const ACK = 1;
const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `:status: 200` of the static table, RFC 7541 appendix A. */
export const STATUS_200 = Buffer.of(0x88);
export const SETTINGS = frame(TYPE.settings, 0, 0);

/** A literal field without indexing and without Huffman, RFC 7541 6.2.2; both parts shorter than 127 bytes. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Sends SETTINGS, acknowledges those of the client, and calls `answer` with the stream of each request. */
export function speaking(
  answer: (socket: Socket, stream: number) => void,
  settings: Buffer | null = SETTINGS,
): (socket: Socket) => void {
  return (socket) => {
    if (settings !== null) socket.write(settings);
    let bytes = Buffer.alloc(0);
    let skip = PREFACE_BYTES;
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(skip, chunk.length);
      skip -= skipped;
      bytes = Buffer.concat([bytes, chunk.subarray(skipped)]);
      while (bytes.length >= HEAD_BYTES && bytes.length >= HEAD_BYTES + bytes.readUIntBE(0, 3)) {
        const [type, flags, stream] = [bytes[3], bytes[4] ?? 0, bytes.readUInt32BE(5)];
        bytes = bytes.subarray(HEAD_BYTES + bytes.readUIntBE(0, 3));
        if (type === TYPE.settings && (flags & ACK) === 0 && settings !== null)
          socket.write(frame(TYPE.settings, ACK, 0));
        if (type === TYPE.headers) answer(socket, stream);
      }
    });
  };
}
