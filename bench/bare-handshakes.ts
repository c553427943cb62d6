// The least that a sweep could cost: `node bench/bare-handshakes.ts LIST ROOTS AT_ONCE [GROUPS]` finishes one handshake with each target
// of the list, verified against the roots, and looks at nothing. Prints nothing.
import { readFileSync } from 'node:fs';
import { connect, createSecureContext } from 'node:tls';

const [list = '', roots = '', atOnce = '64', groups] = process.argv.slice(2);
const targets = readFileSync(list, 'utf8').trim().split('\n').values();
const secureContext = createSecureContext({ ca: readFileSync(roots), ...(groups ? { ecdhCurve: groups } : {}) });

function handshake(target: string): Promise<void> {
  const [host = '', port = ''] = target.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), secureContext, rejectUnauthorized: false });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.destroy();
      if (socket.authorized || socket.authorizationError !== null) resolve();
    });
  });
}

async function worker(): Promise<void> {
  for (const target of targets) await handshake(target);
}

await Promise.all(Array.from({ length: Number(atOnce) }, worker));
