// Owns the count of what is really sent and received.
// Never limits anything, and never guesses: the sockets' owners add what they did.
import type { Budget } from '../model/journey.ts';

export interface Meter {
  add(part: Partial<Budget>): void;
  read(): Budget;
}

/** A meter that starts at zero. */
export function createMeter(): Meter {
  let total: Budget = { dnsQueries: 0, connections: 0, requests: 0, bytesSent: 0, bytesReceived: 0 };
  return {
    add(part) {
      total = {
        dnsQueries: total.dnsQueries + (part.dnsQueries ?? 0),
        connections: total.connections + (part.connections ?? 0),
        requests: total.requests + (part.requests ?? 0),
        bytesSent: total.bytesSent + (part.bytesSent ?? 0),
        bytesReceived: total.bytesReceived + (part.bytesReceived ?? 0),
      };
    },
    read: () => total,
  };
}
