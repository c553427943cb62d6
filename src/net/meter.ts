// Owns the count of what is really sent and received.
// Never limits anything, and never guesses: the sockets' owners add what they did.
import type { Budget } from '../model/journey.ts';

export interface Meter {
  add(part: Partial<Budget>): void;
  read(): Budget;
}

/** A meter that starts at zero. */
export function createMeter(): Meter {
  const total = { dnsQueries: 0, connections: 0, requests: 0, bytesSent: 0, bytesReceived: 0, traceProbes: 0 };
  return {
    add({ dnsQueries = 0, connections = 0, requests = 0, bytesSent = 0, bytesReceived = 0, traceProbes = 0 }) {
      total.dnsQueries += dnsQueries;
      total.connections += connections;
      total.requests += requests;
      total.bytesSent += bytesSent;
      total.bytesReceived += bytesReceived;
      total.traceProbes += traceProbes;
    },
    read() {
      const { traceProbes, ...rest } = total;
      return traceProbes === 0 ? rest : { ...rest, traceProbes };
    },
  };
}
