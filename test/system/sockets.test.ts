// The agent on sockets that somebody else holds, as systemd hands them over (sd_listen_fds(3)): who connects before it runs is answered once it does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeArgv } from './rig/probe.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const ADDRESS = '127.0.60.234';

describe.skipIf(!requireTools(['sh']))('sockets that are handed over', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig.close());

  it.each([
    ['are answered on, every one, and on nothing else', '$$', 0],
    ['for another process are left alone', '1', 64],
  ])('%s', async (_name, pid, code) => {
    const file = await rig.write('blackbox.yml', 'modules: { tcp: { prober: tcp, timeout: 2s } }\n');
    const servers = [await held(), await held()];
    const ports = servers.map(portOf);
    const argv = probeArgv(['serve', `--config.file=${file}`, '--web.systemd-socket', '--listen', '127.0.0.1:1']);
    const shell = `export LISTEN_PID=${pid} LISTEN_FDS=2; exec "$@"`;
    const child = spawn('sh', ['-c', shell, 'sh', ...argv], {
      stdio: ['ignore', 'ignore', 'pipe', ...servers.map(descriptorOf)],
    });
    rig.defer(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    const ended = once(child, 'close');
    // The child has them, and here nobody has accepted yet: callers wait in the kernel.
    for (const server of servers) server.close();
    // All at once: a caller that is let go early must not go unheard.
    const early = Promise.allSettled(ports.map(askHealth));
    if (code === 0) {
      expect(await early).toEqual(ports.map(() => ({ status: 'fulfilled', value: 'Healthy' })));
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([code, null]);
    // By now its last line is read.
    const heard = [...said.matchAll(/listening on ([^"]+)/g)].map(([, place]) => place);
    expect(heard).toEqual(code === 0 ? ports.map((port) => `${ADDRESS}:${port}`) : []);
    if (code !== 0) expect(said).toContain('no socket was handed over');
    await early;
  });
});

async function held(): Promise<Server> {
  const server = createServer().listen(0, ADDRESS);
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function askHealth(port: number): Promise<string> {
  return (await fetch(`http://${ADDRESS}:${port}/-/healthy`)).text();
}

/** Node tells it nowhere else. */
function descriptorOf(server: Server): number {
  // oxlint-disable-next-line no-underscore-dangle -- its name there
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}
