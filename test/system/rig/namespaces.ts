// Owns two network namespaces joined by a veth pair: a client and a server with addresses and ports of their own.
// Never touches this machine's own interfaces or ports.
import { existsSync } from 'node:fs';
import { outputOf, type Place, type Rig } from './rig.ts';

export interface Namespaces {
  readonly client: Place;
  readonly server: Place;
  /** Makes an address that packets leave for and no answer comes from. */
  blackHole(address: string): Promise<void>;
}

const NAME = /^outrider-(\d+)-[cs]\b/;

/** Deletes the namespaces of runs that were killed: those named after a process that is no more. */
async function sweep(): Promise<void> {
  for (const line of (await outputOf(['ip', 'netns', 'list'])).split('\n')) {
    const [name, owner] = NAME.exec(line) ?? [];
    if (name !== undefined && !existsSync(`/proc/${owner ?? ''}`)) await outputOf(['ip', 'netns', 'delete', name]);
  }
}

/** @param addresses of the server, all inside 10.77.0.0/16, and one at least in 10.77.0.0/24, where the client is */
export async function openNamespaces(rig: Rig, addresses: readonly string[]): Promise<Namespaces> {
  await sweep();
  const names = { client: `outrider-${process.pid}-c`, server: `outrider-${process.pid}-s` };
  for (const name of Object.values(names)) {
    await outputOf(['ip', 'netns', 'add', name]);
    // The veth pair goes with its namespace.
    rig.defer(async () => void (await outputOf(['ip', 'netns', 'delete', name])));
  }
  const client = ['ip', 'netns', 'exec', names.client];
  const server = ['ip', 'netns', 'exec', names.server];
  const inClient = (...words: readonly string[]): Promise<string> => outputOf(['ip', '-n', names.client, ...words]);
  const inServer = (...words: readonly string[]): Promise<string> => outputOf(['ip', '-n', names.server, ...words]);
  await inClient('link', 'add', 'east', 'type', 'veth', 'peer', 'name', 'west', 'netns', names.server);
  await inClient('address', 'add', '10.77.0.1/16', 'dev', 'east');
  for (const address of addresses) await inServer('address', 'add', `${address}/24`, 'dev', 'west');
  for (const up of [inClient('link', 'set', 'lo', 'up'), inServer('link', 'set', 'lo', 'up')]) await up;
  await inServer('link', 'set', 'west', 'up');
  await inClient('link', 'set', 'east', 'up');
  return {
    client,
    server,
    async blackHole(address) {
      // A neighbour that nobody is: the frames go out and are dropped by the other side, so that no ICMP comes back.
      const nobody = ['neighbour', 'add', address, 'lladdr', '02:00:00:00:00:99', 'dev'];
      await inClient(...nobody, 'east');
      await inServer(...nobody, 'west');
    },
  };
}
