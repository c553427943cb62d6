// Owns messages over a WebSocket that is open (RFC 6455 5): masked frames out, whole messages in. What a peer sends is bounded; a frame that
// breaks the rules ends the reading.
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Late } from '../failure.ts';

/** Of one message with all its frames. */
const MOST_MESSAGE = 16_777_216;
const MOST_CONTROL = 125;
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly end: number;
}

/** The frame at the beginning; null while it is not there whole. @throws Error for one that no server may send */
export function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const [first = 0, second = 0] = bytes;
  const opcode = first & 15;
  const isControl = opcode >= 8;
  if ((first & 0x70) !== 0) throw new Error('websocket: reserved bits are set');
  if (!(Object.values(OPCODE) as number[]).includes(opcode)) throw new Error(`websocket: bad opcode ${opcode}`);
  if ((second & 0x80) !== 0) throw new Error('websocket: a server must not mask');
  if (isControl && ((first & 0x80) === 0 || (second & 0x7f) > MOST_CONTROL))
    throw new Error('websocket: bad control frame');
  const size = (second & 0x7f) === 126 ? 2 : (second & 0x7f) === 127 ? 8 : 0;
  if (bytes.length < 2 + size) return null;
  const length = size === 0 ? second & 0x7f : size === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > MOST_MESSAGE) throw new Error('websocket: read limit exceeded');
  const end = 2 + size + length;
  if (bytes.length < end) return null;
  return { final: (first & 0x80) !== 0, opcode, payload: bytes.subarray(2 + size, end), end };
}

/** Masked with a key of its own (RFC 6455 5.3). */
export function writeFrame(opcode: number, payload: Uint8Array): Buffer {
  const size = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + size);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (size === 0 ? payload.length : size === 2 ? 126 : 127);
  if (size === 2) head.writeUInt16BE(payload.length, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(payload.length), 2);
  const key = randomBytes(4);
  return Buffer.concat([head, key, Buffer.from(payload.map((octet, at) => octet ^ (key[at & 3] ?? 0)))]);
}

export class Messages {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  #parts: Buffer[];
  #held = 0;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  /** @param head what came along with the answer to the handshake */
  constructor(stream: Duplex, head: Buffer, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    this.#parts = [head];
    this.#held = head.length;
    stream.on('data', (chunk: Buffer) => {
      this.#parts.push(chunk);
      this.#held += chunk.length;
      // A peer that talks faster than it is read is made to wait.
      if (this.#held > MOST_MESSAGE) stream.pause();
      this.#wake?.();
    });
    const end = (error?: Error): void => {
      this.#failure ??= error ?? new Error('websocket: close 1006 (abnormal closure): unexpected EOF');
      this.#wake?.();
    };
    stream.on('error', end);
    stream.once('end', end);
    stream.once('close', () => end());
  }

  sendText(text: Buffer): void {
    this.#stream.write(writeFrame(OPCODE.text, text));
  }

  /** The next message, whatever its kind; pings on the way are answered. @throws Error at the end, for broken frames, or when time is up */
  async next(): Promise<Buffer> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const { opcode, payload, final } = await this.#frame();
      if (opcode === OPCODE.close) throw new Error(closeWords(payload));
      if (opcode === OPCODE.ping) this.#stream.write(writeFrame(OPCODE.pong, payload));
      if (opcode >= OPCODE.close) continue;
      if ((opcode === OPCODE.continuation) !== parts.length > 0) throw new Error('websocket: bad continuation');
      parts.push(payload);
      length += payload.length;
      if (length > MOST_MESSAGE) throw new Error('websocket: read limit exceeded');
      if (final) return Buffer.concat(parts);
    }
  }

  async #frame(): Promise<Frame> {
    for (;;) {
      const bytes = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
      this.#parts = [bytes];
      const frame = readFrame(bytes);
      if (frame !== null) {
        this.#parts = [bytes.subarray(frame.end)];
        this.#held -= frame.end;
        this.#stream.resume();
        return frame;
      }
      if (this.#failure !== null) throw this.#failure;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = (): void => resolve();
    this.#wake = resolve;
    this.#signal.addEventListener('abort', late, { once: true });
    if (this.#signal.aborted) resolve();
    await promise;
    this.#wake = null;
    this.#signal.removeEventListener('abort', late);
    if (this.#signal.aborted) throw new Late();
  }
}

/** RFC 6455 5.5.1 */
function closeWords(payload: Buffer): string {
  if (payload.length < 2) return 'websocket: close 1005 (no status)';
  return `websocket: close ${payload.readUInt16BE(0)}: ${payload.subarray(2).toString('utf8')}`;
}
