// Owns an HTTP server that stands for a zone: it goes down, so that connections are refused, and comes back on the same port.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Rig } from './rig.ts';

export interface Zone {
  readonly address: string;
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function startZone(rig: Rig, address: string, port: number, answer: RequestListener): Promise<Zone> {
  let server: Server | null = null;
  const zone: Zone = {
    address,
    async down() {
      const gone = server;
      server = null;
      if (gone === null) return;
      await new Promise<void>((resolve) => {
        gone.close(() => resolve());
        gone.closeAllConnections();
      });
    },
    async up() {
      const next = createServer(answer);
      await new Promise<void>((resolve, reject) => {
        next.once('error', reject).listen(port, address, resolve);
      });
      server = next;
    },
  };
  await zone.up();
  rig.defer(() => zone.down());
  return zone;
}
