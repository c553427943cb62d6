// Owns small real DNS servers for tests: UDP and TCP on one loopback address, each reply decided by a function.
// Never leaves the loopback network.
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import dnsPacket, { type Answer, type DecodedPacket, type Packet } from 'dns-packet';
import type { PlainDnsServer } from '../../../contract/net.ts';
import type { IpAddress } from '../../../model/text.ts';
import { messagesIn } from '../pipeline.ts';

export interface Asked {
  readonly packet: DecodedPacket;
  readonly name: string;
  readonly type: string;
  readonly via: 'udp' | 'tcp';
  /** 1 for the first query that this server got. */
  readonly count: number;
}

/** Bytes to send as they are (several: in that order), or null for silence. */
export type Respond = (asked: Asked) => Buffer | readonly Buffer[] | null;

export interface TestServer extends AsyncDisposable {
  readonly server: PlainDnsServer;
  readonly asked: readonly Asked[];
}

export interface Where {
  readonly address?: string;
  readonly port?: number;
  /** Replaces the framed answer on TCP. */
  readonly tcp?: (socket: Socket) => void;
}

/** Port from the system unless given; TCP listens on the same one. */
export async function startServer(respond: Respond, where: Where = {}): Promise<TestServer> {
  const address = where.address ?? '127.0.0.1';
  for (let attempt = 0; ; attempt++) {
    try {
      return await listen(respond, address, where.port ?? 0, where.tcp);
    } catch (error) {
      // The UDP port that the system chose may be taken for TCP.
      if (where.port !== undefined || attempt === 50) throw error;
    }
  }
}

async function listen(respond: Respond, address: string, port: number, tcp: Where['tcp']): Promise<TestServer> {
  const asked: Asked[] = [];
  const take = (bytes: Buffer, via: 'udp' | 'tcp'): readonly Buffer[] => {
    const packet = dnsPacket.decode(bytes);
    const question = packet.questions?.[0];
    const name = question?.name.toLowerCase() ?? '';
    const one = { packet, name, type: question?.type ?? '', via, count: asked.length + 1 };
    asked.push(one);
    const replies = respond(one);
    return replies === null ? [] : Buffer.isBuffer(replies) ? [replies] : replies;
  };
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    for (const reply of take(bytes, 'udp')) udp.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => udp.once('error', reject).bind(port, address, resolve));
  const sockets = new Set<Socket>();
  const stream = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (tcp !== undefined) return tcp(socket);
    socket.on('data', (bytes: Buffer) => {
      for (const message of messagesIn(bytes).messages)
        for (const reply of take(message, 'tcp')) socket.write(frame(reply));
    });
  });
  const bound = udp.address().port;
  try {
    await new Promise<void>((resolve, reject) => stream.once('error', reject).listen(bound, address, resolve));
  } catch (error) {
    udp.close();
    throw error;
  }
  return {
    server: { address: address as IpAddress, port: bound },
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([new Promise((resolve) => udp.close(() => resolve(null))), closed(stream)]);
    },
  };
}

function closed(stream: ReturnType<typeof createServer>): Promise<unknown> {
  return new Promise((resolve) => stream.close(resolve));
}

export function frame(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

export const AA = dnsPacket.AUTHORITATIVE_ANSWER;
export const TC = dnsPacket.TRUNCATED_RESPONSE;

const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

/** A reply to what was asked, with EDNS. */
export function reply(asked: Asked, parts: Packet & { readonly rcode?: keyof typeof RCODES } = {}): Buffer {
  const { rcode, flags, ...rest } = parts;
  return dnsPacket.encode({
    type: 'response',
    id: asked.packet.id ?? 0,
    questions: asked.packet.questions ?? [],
    additionals: [OPT],
    ...rest,
    flags: (flags ?? 0) | RCODES[rcode ?? 'NOERROR'],
  });
}

export const OPT: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

export function soa(name: string, serial = 1): Answer {
  const data = { mname: `ns1.${name}`, rname: `admin.${name}`, serial, refresh: 2, retry: 3, expire: 4, minimum: 30 };
  return { type: 'SOA', name, ttl: 60, data };
}
