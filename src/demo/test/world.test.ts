// Owns the tests of a world's life: start, change, end, and the ports it takes.
// Never asserts a speed.
import { createHook } from 'node:async_hooks';
import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { UsageError } from '../../model/usage-error.ts';
import { type Binding, bindTogether, bindUdp, explainBinding, listen, unlisten } from '../binding.ts';
import { demoScript, healthyScript, withZone } from '../script.ts';
import { startWorld } from '../world.ts';
import { fetchOne, handshake, listenOn, resolverOf } from './clients.ts';

/** Handles of the event loop that a world opens. */
const opened = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCP|UDP|TLS|HTTP|Timeout)/.test(kind)).length;

const settled = async (): Promise<void> => {
  for (let at = 0; at < 20; at++) await turn();
};

test('close ends everything at once, whatever is going on', async () => {
  await settled();
  const before = opened();
  const world = await startWorld(withZone(healthyScript, 'kms-az3', { fault: 'tarpit' }));
  await fetchOne(world, '127.0.10.1');
  await resolverOf(world).resolve4('kms.example');
  const idle = connect({ host: '127.0.20.1', port: world.port, servername: 'kms.example', ca: world.caPem });
  await once(idle, 'secureConnect');
  idle.on('error', () => {});
  const dripping = fetchOne(world, '127.0.30.1').catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(opened()).toBeGreaterThan(before + 10);
  await world.close();
  await dripping;
  idle.destroy();
  await settled();
  expect(opened()).toBeLessThanOrEqual(before);
  await world.close();
});

test('a world that refuses from the start has nothing on that port, and can begin to listen', async () => {
  const world = await startWorld(withZone(demoScript, 'kms-az1', { fault: 'refuse' }));
  try {
    expect((await listenOn(world, '127.0.10.1', '', 100)).how).toBe('ECONNREFUSED');
    await world.fault('kms-az1', 'none');
    expect((await fetchOne(world, '127.0.10.1')).status).toBe(200);
    await world.fault('kms-az1', 'refuse');
    expect((await listenOn(world, '127.0.10.1', '', 100)).how).toBe('ECONNREFUSED');
  } finally {
    await world.close();
  }
});

test('two worlds stand side by side on the same addresses', async () => {
  const worlds = await Promise.all([startWorld(), startWorld(healthyScript)]);
  try {
    expect(worlds[0].port).not.toBe(worlds[1].port);
    for (const world of worlds) expect(await resolverOf(world).resolve4('kms.example')).toHaveLength(3);
  } finally {
    await Promise.all(worlds.map((world) => world.close()));
  }
});

test('starting costs seven EC key pairs and no RSA one', async () => {
  let pairs = 0;
  const hook = createHook({ init: (_id, type) => void (pairs += type === 'KEYPAIRGENREQUEST' ? 1 : 0) }).enable();
  const world = await startWorld();
  hook.disable();
  try {
    // Two authorities of a root and an intermediate, three leaves.
    expect(pairs).toBe(7);
    for (const { addresses } of world.zones) {
      const { chain } = await handshake(world, addresses[0]!);
      expect(chain.map((der) => new X509Certificate(der).publicKey.asymmetricKeyType)).toEqual(['ec', 'ec']);
    }
  } finally {
    await world.close();
  }
});

test('an address this machine does not have is said with the remedy for all of them', async () => {
  const missing: Binding = {
    address: '192.0.2.1',
    bind: (port) => listen(createServer(), '192.0.2.1', port),
    unbind: () => {},
  };
  const reason: unknown = await bindTogether([missing]).catch((error: unknown) => error);
  const error = explainBinding(reason, ['192.0.2.1', '192.0.2.2']);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).message).toContain('192.0.2.1');
  expect((error as UsageError).remedy).toContain(
    'for a in 192.0.2.1 192.0.2.2; do sudo ifconfig lo0 alias $a up; done',
  );
  const other = new Error('something else');
  expect(explainBinding(other, [])).toBe(other);
});

test('a script may not leave loopback', async () => {
  await expect(startWorld(withZone(healthyScript, 'kms-az1', { address: '192.0.2.1' }))).rejects.toThrow('loopback');
});

test('another port is tried when one address has it taken', async () => {
  const servers: Server[] = [];
  const taken: Server[] = [];
  let asked = 0;
  const first: Binding = {
    address: '127.0.60.1',
    async bind(port) {
      const server = createServer();
      servers.push(server);
      const bound = await listen(server, '127.0.60.1', port);
      if (asked++ === 0) {
        const rival = createServer();
        taken.push(rival);
        await listen(rival, '127.0.60.2', bound);
      }
      return bound;
    },
    unbind: () => servers.forEach(unlisten),
  };
  const udp = createSocket('udp4');
  const second: Binding = {
    address: '127.0.60.2',
    async bind(port) {
      const server = createServer();
      const bound = await listen(server, '127.0.60.2', port);
      servers.push(server);
      return bindUdp(udp, '127.0.60.2', bound);
    },
    unbind: () => {},
  };
  try {
    const port = await bindTogether([first, second]);
    expect(asked).toBe(2);
    expect(udp.address().port).toBe(port);
  } finally {
    udp.close();
    [...servers, ...taken].forEach(unlisten);
  }
});
