// Owns how many probes one client may have under way: who asks for more is told to come back. Clients are told apart by address alone.
import { isIP } from 'node:net';

export interface Clients {
  /** @param address of the client @returns what gives the place back, once; null when the client has no more */
  enter(address: string): (() => void) | null;
  state(): { readonly underWay: number; readonly turnedAway: number };
}

/** @param most of one client; 0: no bound */
export function openClients(most: number): Clients {
  const places = new Map<string, number>();
  let underWay = 0;
  let turnedAway = 0;
  return {
    enter(address) {
      const client = clientOf(address);
      const taken = places.get(client) ?? 0;
      if (most > 0 && taken >= most) {
        turnedAway++;
        return null;
      }
      places.set(client, taken + 1);
      underWay++;
      let isBack = false;
      return () => {
        if (isBack) return;
        isBack = true;
        underWay--;
        const left = (places.get(client) ?? 1) - 1;
        if (left === 0) places.delete(client);
        else places.set(client, left);
      };
    },
    state: () => ({ underWay, turnedAway }),
  };
}

/** An IPv4 address in IPv6 clothes is that address; a machine with IPv6 has a whole /64 of addresses to come from (RFC 4291 2.5.4). */
function clientOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: gap }, () => '0'), ...after].slice(0, 4).join(':');
}
