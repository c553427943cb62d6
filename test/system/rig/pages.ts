// Owns a small HTTP server of fixed texts. Never listens anywhere but on loopback.
import { createServer } from 'node:http';
import { portOf } from './ports.ts';
import type { Rig } from './rig.ts';
import { at } from './web.ts';

export interface Page {
  readonly type: string;
  readonly text: string;
}

/** Serves each page under its path. @returns `127.0.60.1:8080` */
export async function servePages(rig: Rig, address: string, pages: Readonly<Record<string, Page>>): Promise<string> {
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': page?.type ?? 'text/plain' }).end(page?.text);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  rig.defer(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return at({ address, port: portOf(server) });
}
