// Owns a DNS server's sockets, UDP and TCP, and its scripted faults. Never knows a record: `answer` does.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { type Binding, bindUdp, closed, listen, unlisten } from '../binding.ts';
import type { Lifetime } from '../lifetime.ts';
import { type Random, randomOctets } from '../random.ts';
import type { DnsFault } from '../script.ts';
import { type Query, Rcode, type Reply, readQuery, type Writer, writeRefusal, writeReply } from './message.ts';

export interface DnsServerOptions extends Writer {
  readonly address: string;
  answer(query: Query): Promise<Reply> | Reply;
  /** Asked anew for every question. */
  fault(): DnsFault;
  readonly random: Random;
  readonly lifetime: Lifetime;
}

const TCP_LIMIT_BYTES = 65_535;
const IDLE_MS = 10_000;

const empty = (rcode: Rcode): Reply => ({ rcode, authoritative: false, answers: [], authorities: [] });

/** RFC 1713 calls a server lame that was delegated to but has no data; old ones refer to the root. */
const upwardReferral: Reply = {
  ...empty(Rcode.NOERROR),
  authorities: [{ type: 'NS', name: '.', ttl: 3600, data: 'a.root-servers.net' }],
};

async function replyTo(query: Query, options: DnsServerOptions): Promise<Reply> {
  if (query.ednsVersion !== 0) return empty(Rcode.BADVERS);
  switch (options.fault()) {
    case 'refused':
      return empty(Rcode.REFUSED);
    case 'servfail':
      return empty(Rcode.SERVFAIL);
    case 'nxdomain':
      return empty(Rcode.NXDOMAIN);
    case 'lame':
      return upwardReferral;
    case 'none':
    case 'silent':
    case 'refuse':
    case 'garbage':
    case 'truncate':
    case 'no-tcp':
      return options.answer(query);
  }
}

/** The bytes to send back, or null for silence. Never rejects: a question that cannot be echoed is a bad question. */
async function respond(message: Buffer, options: DnsServerOptions, udp: boolean): Promise<Buffer | null> {
  const query = readQuery(message);
  const fault = options.fault();
  if (query === null || fault === 'silent') return null;
  if (!('question' in query)) return writeRefusal(query.id, query.rcode);
  if (fault === 'garbage') {
    const head = Buffer.from([query.id >> 8, query.id & 0xff, 0x84, 0, 0, 1, 0, 9, 0, 0, 0, 0]);
    return Buffer.concat([head, randomOctets(options.random, 40)]);
  }
  const limit = udp ? query.payloadBytes : TCP_LIMIT_BYTES;
  try {
    const reply = await replyTo(query, options);
    return writeReply(query, reply, options, udp && fault === 'truncate' ? 0 : limit);
  } catch {
    return writeRefusal(query.id, Rcode.FORMERR);
  }
}

/** Two-byte length, message, any number of them (RFC 7766 8). */
function serveTcp(socket: Socket, options: DnsServerOptions): void {
  options.lifetime.hold(socket);
  if (options.fault() === 'no-tcp') {
    socket.destroy();
    return;
  }
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const message = pending.subarray(2, end);
      pending = pending.subarray(end);
      void respond(message, options, false).then((bytes) => {
        if (bytes === null || socket.destroyed) return;
        socket.write(Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]));
      });
    }
  });
}

function openUdp(options: DnsServerOptions): UdpSocket {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    void respond(message, options, true).then((bytes) => {
      // The peer or the world may be gone by now; a lost datagram is nobody's fault.
      if (bytes !== null && !options.lifetime.signal.aborted) socket.send(bytes, from.port, from.address, () => {});
    });
  });
  return socket;
}

/** A server ready to be bound: TCP first, because a TCP port is harder to come by, then UDP on the same port. */
export function createDnsServer(options: DnsServerOptions): Binding {
  const tcp = createServer((socket) => serveTcp(socket, options));
  let udp: UdpSocket | null = null;
  const unbind = (): void => {
    udp?.close();
    udp = null;
    unlisten(tcp);
  };
  options.lifetime.atEnd(() => {
    unbind();
    return closed(tcp);
  });
  return {
    address: options.address,
    async bind(wanted) {
      const port = await listen(tcp, options.address, wanted);
      const socket = openUdp(options);
      try {
        await bindUdp(socket, options.address, port);
      } catch (error) {
        socket.close();
        unlisten(tcp);
        throw error;
      }
      udp = socket;
      socket.on('error', () => {});
      return port;
    },
    unbind,
  };
}
