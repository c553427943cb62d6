// Owns listeners that only count: what reaches them proves that something was sent. They never answer.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { portOf } from './ports.ts';
import type { Rig } from './rig.ts';

export interface Counter {
  readonly address: string;
  readonly port: number;
  count(): number;
}

/** Counts datagrams. */
export async function countDatagrams(rig: Rig, address: string): Promise<Counter> {
  const socket = createSocket('udp4');
  let seen = 0;
  socket.on('message', () => seen++);
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  rig.defer(() => new Promise((resolve) => socket.close(resolve)));
  return { address, port: socket.address().port, count: () => seen };
}

/** Counts connections, and ends each at once. */
export async function countConnections(rig: Rig, address: string): Promise<Counter> {
  let seen = 0;
  const server = createServer((socket) => {
    seen++;
    socket.on('error', () => undefined).destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  rig.defer(() => new Promise((resolve) => server.close(() => resolve())));
  return { address, port: portOf(server), count: () => seen };
}
