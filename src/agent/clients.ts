// Owns how many probes one client may have under way: who asks for more is told to come back. Clients are told apart by address alone.
import { bytesOf, unmapped } from '../model/address-scope.ts';
import { ipAddress } from '../model/target.ts';

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
function clientOf(text: string): string {
  const address = ipAddress(text.replace(/%.*$/, ''));
  return address === null ? text : unmapped(bytesOf(address)).slice(0, 8).join('.');
}
