// Owns finding ports that are free, on several loopback addresses at once. Never holds them: daemons bind them next.
import { createServer, type Server } from 'node:net';

/** A TCP port that was free on every address a moment ago (Linux lets any address of 127.0.0.0/8 be bound). */
export async function freePort(addresses: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const held: Server[] = [];
    try {
      let port = 0;
      for (const address of addresses) {
        const server = await hold(address, port);
        held.push(server);
        port = portOf(server);
      }
      return port;
    } catch {
      // Taken on one of the addresses: the next attempt gets another port from the kernel.
    } finally {
      await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
    }
  }
  throw new Error(`no port is free on all of ${addresses.join(', ')}`);
}

function hold(address: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

/** @throws Error for a server that listens on no port */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
