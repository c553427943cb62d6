// Owns a chain of routers in namespaces of their own: client ~ r1 - (r2a | r2b) - r3 ~ r4 - target, IPv4 and IPv6, where ~ is a link that takes its time.
// Never touches this machine's own interfaces or routes.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { outputOf, type Place, type Rig, run } from './rig.ts';

export interface Routers {
  readonly client: Place;
  /** The same without rights. */
  readonly nobody: Place;
  readonly target: Place;
  /** Routers do or do not limit how often they answer (icmp_ratelimit, ms; the kernel's default is 1000). */
  limit(ms: number): Promise<void>;
  /** The router says nothing of its own any more to one side, and forwards on; gives back how to end that. */
  hush(router: string, toward?: 'client' | 'target'): Promise<() => Promise<void>>;
  /** Packets between r3 and r4 are no larger, either way or only on the way back; gives back how to end that, with what everybody learnt of it forgotten. */
  narrow(mtuBytes: number, way?: 'both' | 'back'): Promise<() => Promise<void>>;
}

/** One way there and back, ms. */
export const DELAYS = { first: 3, second: 6 } as const;
export const TARGET = { 4: '10.78.7.2', 6: 'fd78:7::2' } as const;
/** Behind r4, and nobody: packets go and nothing comes back. */
export const HOLE = '10.78.7.99';
/** r3 says of it that an administrator forbids it. */
export const FORBIDDEN = '10.78.8.1';
/** r3 and r4 each believe the other is nearer. */
export const CIRCLE = '10.78.9.1';
export const CIRCLE6 = 'fd78:9::1';

const LINK = fileURLToPath(new URL('./delayed-link.ts', import.meta.url));
const NAMES = ['c', 'r1', 'r2a', 'r2b', 'r3', 'r4', 't'] as const;
const NAME = /^outrider-(\d+)-path-\w+/;

async function sweep(): Promise<void> {
  for (const line of (await outputOf(['ip', 'netns', 'list'])).split('\n')) {
    const [name, owner] = NAME.exec(line) ?? [];
    if (name !== undefined && !existsSync(`/proc/${owner ?? ''}`)) await outputOf(['ip', 'netns', 'delete', name]);
  }
}

const full = (name: string): string => `outrider-${process.pid}-path-${name}`;
const inside = (name: string): Place => ['ip', 'netns', 'exec', full(name)];
const ip = (name: string, words: string): Promise<string> => outputOf(['ip', '-n', full(name), ...words.split(' ')]);
const sysctl = (name: string, ...settings: readonly string[]): Promise<string> =>
  outputOf([...inside(name), 'sysctl', '-qw', ...settings]);

/** Network `number` between the two: .1 here, .2 there. */
async function address(a: string, b: string, number: number): Promise<void> {
  for (const [one, device, host] of [
    [a, `to-${b}`, 1],
    [b, `to-${a}`, 2],
  ] as const) {
    await ip(one, `address add 10.78.${number}.${host}/24 dev ${device}`);
    await ip(one, `address add fd78:${number}::${host}/64 dev ${device} nodad`);
    await ip(one, `link set ${device} up`);
  }
}

async function wire(a: string, b: string, number: number): Promise<void> {
  await ip(a, `link add to-${b} type veth peer name to-${a} netns ${full(b)}`);
  await address(a, b, number);
}

async function delayedWire(
  rig: Rig,
  [a, b]: readonly [string, string],
  number: number,
  delayMs: number,
): Promise<void> {
  const name = `link-${a}-${b}`;
  await rig.start({
    ...{
      name,
      place: inside(a),
      argv: ['nice', '-n', '-15', process.execPath, LINK, `to-${b}`, `to-${a}`, String(delayMs)],
    },
    answers: ['ip', 'link', 'show', `to-${a}`],
  });
  await ip(a, `link set to-${a} netns ${full(b)}`);
  await address(a, b, number);
}

/** A route for both families, by the numbers of a network and of the neighbour's. */
async function route(name: string, to: 'default' | number, via: number, host: 1 | 2): Promise<void> {
  const [four, six] = to === 'default' ? [to, to] : [`10.78.${to}.0/24`, `fd78:${to}::/64`];
  await ip(name, `route add ${four} via 10.78.${via}.${host}`);
  await ip(name, `-6 route add ${six} via fd78:${via}::${host}`);
}

async function routes(): Promise<void> {
  await route('c', 'default', 1, 2);
  await ip('r1', 'route add default nexthop via 10.78.2.2 nexthop via 10.78.3.2');
  await ip('r1', '-6 route add default nexthop via fd78:2::2 nexthop via fd78:3::2');
  for (const [name, near, far] of [
    ['r2a', 2, 4],
    ['r2b', 3, 5],
  ] as const) {
    await route(name, 'default', far, 2);
    await route(name, 1, near, 1);
  }
  await route('r3', 'default', 6, 2);
  await route('r3', 1, 4, 1);
  await route('r4', 'default', 6, 1);
  await route('t', 'default', 7, 1);
  await ip('r3', `route add prohibit ${FORBIDDEN}/32`);
  await ip('r4', `neighbour add ${HOLE} lladdr 02:00:00:00:00:99 dev to-t`);
}

export async function openRouters(rig: Rig): Promise<Routers> {
  await sweep();
  for (const name of NAMES) {
    await outputOf(['ip', 'netns', 'add', full(name)]);
    rig.defer(async () => void (await outputOf(['ip', 'netns', 'delete', full(name)])));
    await ip(name, 'link set lo up');
    await sysctl(name, 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  }
  await delayedWire(rig, ['c', 'r1'], 1, DELAYS.first);
  await wire('r1', 'r2a', 2);
  await wire('r1', 'r2b', 3);
  await wire('r2a', 'r3', 4);
  await wire('r2b', 'r3', 5);
  await delayedWire(rig, ['r3', 'r4'], 6, DELAYS.second);
  await wire('r4', 't', 7);
  await routes();
  await sysctl('r1', 'net.ipv4.fib_multipath_hash_policy=1', 'net.ipv6.fib_multipath_hash_policy=1');
  const client = inside('c');
  const limit = async (ms: number): Promise<void> => {
    for (const name of NAMES) await sysctl(name, `net.ipv4.icmp_ratelimit=${ms}`, `net.ipv6.icmp.ratelimit=${ms}`);
  };
  await limit(0);
  await settled(client);
  return {
    ...{ client, target: inside('t'), limit },
    nobody: [...client, 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'],
    async hush(router, toward = 'client') {
      const number = toward === 'client' ? 1 : 7;
      // What the router itself sends comes from no interface but lo; what it forwards does not.
      const rules = [`iif lo to 10.78.${number}.0/24 blackhole`, `iif lo to fd78:${number}::/64 blackhole`];
      const change = async (word: 'add' | 'delete') => {
        for (const [at, rule] of rules.entries()) await ip(router, `${at === 0 ? '-4' : '-6'} rule ${word} ${rule}`);
      };
      await change('add');
      return () => change('delete');
    },
    async narrow(mtuBytes, way = 'both') {
      const set = async (bytes: number) => {
        if (way === 'both') await ip('r3', `link set to-r4 mtu ${bytes}`);
        await ip('r4', `link set to-r3 mtu ${bytes}`);
      };
      await set(mtuBytes);
      return async () => {
        await set(1500);
        for (const name of ['c', 't']) for (const family of ['-4', '-6']) await ip(name, `${family} route flush cache`);
      };
    },
  };
}

/** Neighbours found, both ways, both families: or the first packets of a test would wait for them. */
async function settled(client: Place): Promise<void> {
  for (const target of [TARGET[4], TARGET[6]]) {
    for (let attempt = 0; attempt < 10; attempt++) {
      const { code } = await run([...client, 'ping', '-c', '3', '-i', '0.2', '-W', '1', target]);
      if (code === 0) break;
    }
  }
}
