// Owns a TCP connection of our own: non-blocking, every arrival with the kernel's stamp, a Duplex for whoever speaks over it.
// Never blocks, never looks up a name, and reads one TLS record at a time, so that each piece it hands on has stamps of its own.
import { Duplex } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import type { Endpoint } from '../../model/target.ts';
import type { TcpFacts } from '../../model/trace.ts';
import {
  AF_INET,
  AF_INET6,
  controlMessages,
  errnos,
  IPPROTO_TCP,
  int32,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_PEEK,
  POLLIN,
  POLLOUT,
  SHUT_WR,
  SO_ERROR,
  SO_TIMESTAMPNS,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  sockaddr,
  TCP_NODELAY,
  viewOf,
} from '../libc/layout.ts';
import type { Libc, Message } from '../libc/libc.ts';
import { type Received, readReceivedOf, readTcpInfoOf } from '../tcp-info.ts';
import { Joins } from './joins.ts';
import type { Readiness, Watched } from './readiness.ts';
import { Timeline } from './timeline.ts';

/** RFC 8446 5.1: type, version, length. */
const RECORD_HEADER = 5;
/** RFC 5246 6.2.3, the largest: 2^14 + 2048 with its header. */
const MAX_RECORD = 18_437;
/** 2^14 and what protects it. */
const FULL_RECORD = 16_384;
const MOST_BYTES = 65_536;
/** Pieces read one record at a time; behind them whatever is there at once: a flood of tiny records must cost no turn of the loop each. */
const EXACT_PIECES = 256;
/** The wall clock may be slewed by 0.05 % (adjtimex(2)) and read a moment apart; more is a step, and figures across it are worth nothing. */
const STEP_MS = 1;
const SLEW = 0.001;

interface Ahead {
  /** As many as tell the length of a record, or fewer. */
  readonly bytes: Uint8Array;
  readonly atMs: number | null;
  readonly received: Received | null;
}

type Done = (error?: Error | null) => void;

export interface Surroundings {
  readonly libc: Libc;
  readonly readiness: Readiness;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Emits `connect` like net.Socket. Destroyed by its first error, which reads like one of net.Socket's. */
export class StampedSocket extends Duplex implements Watched {
  readonly timeline = new Timeline();
  /** How long the answer to the SYN may have lain when `connect` was emitted, ms. */
  connectLateMs = 0;
  bytesRead = 0;
  bytesWritten = 0;
  /** Once the kernel took the connect: a SYN is on its way. */
  readonly sentSyn: boolean;
  readonly #around: Surroundings;
  readonly #place: string;
  readonly #origin: { readonly realNs: bigint; readonly monotonicMs: number };
  #fd: number;
  #connecting = true;
  /** No answer to the SYN had come by then. */
  #unansweredMs = 0;
  #wanted = false;
  #ended = false;
  #turn: NodeJS.Immediate | null = null;
  #pending: { bytes: Uint8Array; readonly done: Done } | null = null;
  #recordLeft = 0;
  /** What was there behind the last piece. */
  #ahead: Ahead | null = null;
  #pieces = 0;
  readonly #joins = new Joins();

  constructor(around: Surroundings, endpoint: Endpoint) {
    super({ allowHalfOpen: false });
    this.#around = around;
    this.#place = `${endpoint.address}:${endpoint.port}`;
    this.#origin = { realNs: around.libc.realtimeNs(), monotonicMs: around.now() };
    const { libc } = around;
    const family = endpoint.family === 4 ? AF_INET : AF_INET6;
    this.#fd = libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    let result = this.#fd;
    if (this.#fd >= 0) {
      libc.setsockopt(this.#fd, IPPROTO_TCP, TCP_NODELAY, int32(1));
      libc.setsockopt(this.#fd, SOL_SOCKET, SO_TIMESTAMPNS, int32(1));
      result = libc.connect(this.#fd, sockaddr(endpoint.address, endpoint.family, endpoint.port));
    }
    this.sentSyn = result >= 0 || result === -errnos.EINPROGRESS;
    if (this.sentSyn) around.readiness.add(this);
    else this.destroy(this.#error('connect', result));
  }

  get fd(): number {
    return this.#fd;
  }

  /** What poll(2) is to wait for. */
  get wants(): number {
    if (this.#connecting) return POLLOUT;
    // A turn of its own is under way already: it reads all there is.
    const reads = this.#wanted && !this.#ended && this.#turn === null;
    return (reads ? POLLIN : 0) | (this.#pending === null ? 0 : POLLOUT);
  }

  ready(_events: number): void {
    if (this.#connecting) {
      this.#established();
      return;
    }
    if (this.#pending !== null) this.#flush();
    if (this.#wanted && !this.#ended && !this.destroyed) this.#read();
  }

  quiet(realNs: bigint): void {
    const atMs = Number(realNs - this.#origin.realNs) / 1e6;
    if (this.#connecting) this.#unansweredMs = atMs;
    else if ((this.wants & POLLIN) !== 0) this.#joins.quiet(atMs);
  }

  /** Null when it is gone. */
  tcpFacts(): TcpFacts | null {
    return this.#fd < 0 ? null : readTcpInfoOf(this.#around.libc, this.#fd);
  }

  /** True when more has come behind the last piece and shares its stamp: then that is the stamp of the later one. */
  isJoined(): boolean {
    return this.#ahead !== null && this.#ahead.atMs === (this.timeline.latest?.lastMs ?? null);
  }

  /** False when the wall clock, which stamps are of, was set since the start: then no figure of the timeline holds. */
  isSteady(): boolean {
    const elapsedMs = this.#around.now() - this.#origin.monotonicMs;
    return Math.abs(this.#nowMs() - elapsedMs) < STEP_MS + elapsedMs * SLEW;
  }

  #established(): void {
    const error = new Uint8Array(new ArrayBuffer(4));
    const result = this.#around.libc.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, error);
    const errno = result < 0 ? -result : viewOf(error).getInt32(0, true);
    if (errno !== 0) {
      this.destroy(this.#error('connect', -errno));
      return;
    }
    this.#connecting = false;
    this.connectLateMs = this.#nowMs() - this.#unansweredMs;
    this.emit('connect');
    if (this.#pending !== null) this.#flush();
    this.#around.readiness.wake();
  }

  override _read(): void {
    this.#wanted = true;
    this.#around.readiness.wake();
  }

  /** Hands on one piece, and comes again in a turn of its own: listeners of the last one have been heard then. */
  #read(): void {
    const head = this.#ahead ?? this.#look();
    if (typeof head === 'number') {
      this.#drain(head);
      return;
    }
    // Too little to tell a length by may be more by now.
    const again = head.bytes.byteLength < RECORD_HEADER ? this.#look() : head;
    const taken = this.#take(typeof again === 'number' ? head.bytes : again.bytes);
    if (typeof taken === 'number') {
      this.#drain(taken);
      return;
    }
    const { piece, lastMs } = taken;
    if (piece.byteLength === 0) {
      this.#ended = true;
      this.push(null);
      return;
    }
    this.#pieces += 1;
    this.bytesRead += piece.byteLength;
    if (head.atMs !== null && lastMs !== null)
      this.timeline.arrived(this.#joins.arrival(head.atMs, lastMs, head.received));
    // At once: what is there now has the stamp of now, and may be joined to what comes till the next turn.
    const ahead = this.#look();
    this.#ahead = typeof ahead === 'number' ? null : ahead;
    this.#turn = setImmediate(() => {
      this.#turn = null;
      if (this.#wanted && !this.#ended && !this.destroyed) this.#read();
    });
    this.#wanted = this.push(piece);
  }

  /** What is there to be read next, the stamp of its first byte, and what had come by then. */
  #look(): Ahead | number {
    const message = this.#peek();
    if (typeof message === 'number') return message;
    const [bytes, atMs] = [Uint8Array.from(message.payload), this.#stampOf(message)];
    // Behind the peek: what was joined to it before is in the count then.
    return { bytes, atMs, received: this.#pieces < EXACT_PIECES ? this.#received() : null };
  }

  #peek(): Message | number {
    return this.#around.libc.recvmsg(this.#fd, MSG_PEEK | MSG_DONTWAIT, RECORD_HEADER);
  }

  #received(): Received | null {
    return readReceivedOf(this.#around.libc, this.#fd);
  }

  /** What is there of one record, and of those behind it while each is full: that is how larger writes are cut. */
  #take(head: Uint8Array): { readonly piece: Buffer; readonly lastMs: number | null } | number {
    const { libc } = this.#around;
    const parts: Buffer[] = [];
    let lastMs: number | null = null;
    for (let bytes = 0, next = head; ; ) {
      const most = this.#pieceLength(next);
      const message = libc.recvmsg(this.#fd, MSG_DONTWAIT, most);
      if (typeof message === 'number') return message;
      parts.push(Buffer.from(message.payload));
      lastMs = this.#stampOf(message);
      bytes += message.payload.byteLength;
      this.#recordLeft = most < MOST_BYTES ? most - message.payload.byteLength : 0;
      if (this.#recordLeft > 0 || most < FULL_RECORD || most === MOST_BYTES || bytes >= MOST_BYTES) break;
      const following = libc.recvmsg(this.#fd, MSG_PEEK | MSG_DONTWAIT, RECORD_HEADER);
      if (typeof following === 'number' || following.payload.byteLength === 0) break;
      next = following.payload;
    }
    return { piece: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), lastMs };
  }

  #pieceLength(head: Uint8Array): number {
    if (this.#pieces >= EXACT_PIECES) return MOST_BYTES;
    if (this.#recordLeft > 0) return this.#recordLeft;
    const [type = 0, major = 0] = head;
    if (head.byteLength < RECORD_HEADER || type < 20 || type > 24 || major !== 3) return MOST_BYTES;
    const length = RECORD_HEADER + viewOf(head).getUint16(3, false);
    return length > MAX_RECORD ? MOST_BYTES : length;
  }

  #drain(result: number): void {
    if (result !== -errnos.EAGAIN) {
      this.destroy(this.#error('read', result));
      return;
    }
    // The count is of what was read only when nothing is there behind it either; what is there is told by poll(2) at once.
    const received = this.#pieces < EXACT_PIECES ? this.#received() : null;
    const atMs = this.#nowMs();
    if (this.#peek() === result) this.#joins.drained(atMs, received);
    this.#around.readiness.wake();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(bytes, done);
  }

  override _writev(all: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.#send(Buffer.concat(all.map(({ chunk }) => chunk)), done);
  }

  #send(bytes: Buffer, done: Done): void {
    this.#pending = { bytes, done };
    if (!this.#connecting) this.#flush();
  }

  #flush(): void {
    while (this.#pending !== null) {
      const { bytes, done } = this.#pending;
      const fromMs = this.#nowMs();
      const sent = this.#around.libc.send(this.#fd, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent === -errnos.EAGAIN) {
        this.#around.readiness.wake();
        return;
      }
      if (sent < 0) {
        this.#pending = null;
        done(this.#error('write', sent));
        return;
      }
      this.timeline.sent(fromMs, this.#nowMs(), sent);
      this.bytesWritten += sent;
      this.#pending = sent < bytes.byteLength ? { bytes: bytes.subarray(sent), done } : null;
      if (this.#pending === null) done();
    }
  }

  override _final(done: Done): void {
    if (this.#fd >= 0) this.#around.libc.shutdown(this.#fd, SHUT_WR);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#around.readiness.delete(this);
    if (this.#turn !== null) clearImmediate(this.#turn);
    if (this.#fd >= 0) this.#around.libc.close(this.#fd);
    this.#fd = -1;
    this.#pending = null;
    done(error);
  }

  #error(syscall: string, result: number): Error {
    const code = getSystemErrorName(result);
    const where = syscall === 'connect' ? ` ${this.#place}` : '';
    return Object.assign(new Error(`${syscall} ${code}${where}`), { code, errno: result, syscall });
  }

  /** Milliseconds of the wall clock since this socket was made. */
  #nowMs(): number {
    return Number(this.#around.libc.realtimeNs() - this.#origin.realNs) / 1e6;
  }

  #stampOf({ control }: Message): number | null {
    for (const { level, type, data } of controlMessages(control)) {
      if (level !== SOL_SOCKET || type !== SO_TIMESTAMPNS || data.byteLength < 16) continue;
      const view = viewOf(data);
      const stampNs = view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
      return Number(stampNs - this.#origin.realNs) / 1e6;
    }
    return null;
  }
}
