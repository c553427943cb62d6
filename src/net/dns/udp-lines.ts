// Owns the UDP sockets of one client. The choice (RFC 5452 9.2): a question has a socket, and so a random port, of its own, as long as
// few are under way to its server. Past that, questions share a few sockets, each with a random port and soon replaced by another.
// Never hears another sender than the server: every socket is connected, so that a closed port is told at once, too.
import { createSocket, type Socket } from 'node:dgram';
import type { PlainDnsServer } from '../../contract/net.ts';
import { familyOf } from '../../model/target.ts';
import type { Meter } from '../meter.ts';
import { randomOctets } from './random-octets.ts';
import type { SocketMoment } from './socket-problem.ts';

/** Questions under way to one server that each have a socket of their own. */
export const PRIVATE_LINES = 16;
/** Sockets that the further ones share, questions under way on one of them, and questions until it is replaced. */
const SHARED_LINES = 8;
const SHARED_UNDER_WAY = 48;
const SHARED_QUESTIONS = 512;

/** What a question hears on its line. */
export interface Listener {
  /** Connected: from now on it may be sent. Called once, before anything is heard. */
  open(): void;
  /** A message with the question's id. */
  message(bytes: Buffer): void;
  /** A message with the id of no question on this line. */
  stranger(): void;
  fail(error: Error, moment: SocketMoment): void;
}

export interface Lease {
  send(bytes: Buffer): void;
  /** To be called once, whatever happened. */
  release(): void;
}

export interface UdpLines {
  lease(server: PlainDnsServer, id: number, listener: Listener): Lease;
}

interface Group {
  underWay: number;
  readonly shared: Set<Line>;
}

export function openUdpLines(meter: Meter): UdpLines {
  const groups = new Map<string, Group>();
  return {
    lease(server, id, listener) {
      const key = `${server.address}#${server.port}`;
      const group = groups.get(key) ?? { underWay: 0, shared: new Set() };
      groups.set(key, group);
      group.underWay += 1;
      const line = lineFor(server, id, group, meter);
      line.take(id, listener);
      return {
        send: (bytes) => line.send(bytes),
        release() {
          line.drop(id);
          group.underWay -= 1;
          if (group.underWay > 0) return;
          groups.delete(key);
        },
      };
    },
  };
}

function lineFor(server: PlainDnsServer, id: number, group: Group, meter: Meter): Line {
  if (group.underWay <= PRIVATE_LINES) return new Line(server, meter, 1, 1);
  const { shared } = group;
  if (shared.size < SHARED_LINES) {
    const line: Line = new Line(server, meter, SHARED_UNDER_WAY, SHARED_QUESTIONS, () => shared.delete(line));
    shared.add(line);
    return line;
  }
  const lines = [...shared];
  const chance = lines[(randomOctets(1)[0] ?? 0) % lines.length];
  if (chance?.takes(id)) return chance;
  return lines.find((line) => line.takes(id)) ?? new Line(server, meter, 1, 1);
}

/** One connected socket, from its opening until its last question is answered. */
class Line {
  readonly #socket: Socket;
  readonly #listeners = new Map<number, Listener>();
  readonly #meter: Meter;
  readonly #most: number;
  readonly #retired: () => void;
  #left: number;
  readonly #onSent = (error: Error | null): void => void (error !== null && this.#fail(error));
  #moment: SocketMoment = 'open';
  #isOver = false;

  constructor(
    server: PlainDnsServer,
    meter: Meter,
    most: number,
    questions: number,
    retired: () => void = () => undefined,
  ) {
    this.#meter = meter;
    this.#most = most;
    this.#left = questions;
    this.#retired = retired;
    this.#socket = createSocket(familyOf(server.address) === 6 ? 'udp6' : 'udp4');
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('message', (bytes) => this.#read(bytes));
    this.#socket.connect(server.port, server.address, ((error?: Error) => {
      if (this.#isOver) return;
      if (error) return this.#fail(error);
      this.#moment = 'sent';
      for (const listener of [...this.#listeners.values()]) listener.open();
    }) as () => void);
  }

  takes(id: number): boolean {
    return !this.#isOver && this.#left > 0 && this.#listeners.size < this.#most && !this.#listeners.has(id);
  }

  take(id: number, listener: Listener): void {
    this.#left -= 1;
    if (this.#left <= 0) this.#retired();
    this.#listeners.set(id, listener);
    // Never at once: who takes the line does not hold it yet.
    if (this.#moment === 'sent') queueMicrotask(() => this.#listeners.get(id) === listener && listener.open());
  }

  send(bytes: Buffer): void {
    if (this.#isOver) return;
    this.#meter.add({ dnsQueries: 1, bytesSent: bytes.length });
    // The kernel tells a closed port once, to whoever sends next: it holds for all.
    this.#socket.send(bytes, this.#onSent);
  }

  drop(id: number): void {
    this.#listeners.delete(id);
    // Idle, it would wait for strangers only.
    if (this.#listeners.size === 0) this.#end();
  }

  #read(bytes: Buffer): void {
    this.#meter.add({ bytesReceived: bytes.length });
    const listener = bytes.length < 2 ? undefined : this.#listeners.get(bytes.readUInt16BE(0));
    if (listener !== undefined) return listener.message(bytes);
    for (const one of [...this.#listeners.values()]) one.stranger();
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    const moment = this.#moment;
    const listeners = [...this.#listeners.values()];
    this.#end();
    for (const listener of listeners) listener.fail(error, moment);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket
      .removeAllListeners('message')
      .removeAllListeners('error')
      .on('error', () => {});
    this.#socket.close();
    this.#retired();
  }
}
