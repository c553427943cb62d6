// Owns binding to the world's loopback addresses: one port from the OS, free on all of them. Never takes a well-known port.
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { UsageError } from '../model/usage-error.ts';

/** Something that can be bound to one address and port. `bind` answers the port taken when asked for 0. */
export interface Binding {
  readonly address: string;
  bind(port: number): Promise<number>;
  unbind(): void;
}

const ATTEMPTS = 50;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/**
 * Binds all to the same port: the OS picks it for the first, and another is tried when it is taken on any of the rest.
 * @throws UsageError when no port is free on all of them, else the system's own error
 */
export async function bindTogether(bindings: readonly Binding[]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const bound: Binding[] = [];
    let port = 0;
    try {
      for (const binding of bindings) {
        port = await binding.bind(port);
        bound.push(binding);
      }
      return port;
    } catch (error) {
      for (const binding of bound) binding.unbind();
      if (codeOf(error) !== 'EADDRINUSE') throw error;
    }
  }
  throw new UsageError(`no port is free on all of ${bindings.map((binding) => binding.address).join(', ')}`);
}

/** What to tell a person when an address is missing: a UsageError that gives them all to macOS. Other errors as they are. */
export function explainBinding(error: unknown, addresses: readonly string[]): unknown {
  if (codeOf(error) !== 'EADDRNOTAVAIL') return error;
  const missing = error instanceof Error && 'address' in error ? String(error.address) : 'of 127.0.0.0/8';
  return new UsageError(
    `the demo needs the loopback address ${missing}, which this machine does not have`,
    `macOS has only 127.0.0.1; add the others: for a in ${addresses.join(' ')}; do sudo ifconfig lo0 alias $a up; done`,
  );
}

/** Listens with a TCP server; resolves to the port. */
export async function listen(server: Server, address: string, port: number): Promise<number> {
  server.listen({ host: address, port, exclusive: true });
  await once(server, 'listening');
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : port;
}

/** Stops listening; connections stay. Does nothing when it does not listen. */
export function unlisten(server: Server): void {
  server.close(() => {});
}

/** Stops listening and waits until the last connection is gone. */
export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}

export async function bindUdp(socket: UdpSocket, address: string, port: number): Promise<number> {
  socket.bind({ address, port, exclusive: true });
  await once(socket, 'listening');
  return socket.address().port;
}
