// Owns the resolver client that the ride and the probes share. Keeps no cache: every answer was on the wire a moment ago.
import type { DnsClient, DnsServer } from '../../contract/net.ts';
import { UsageError } from '../../model/usage-error.ts';
import type { Meter } from '../meter.ts';
import { exchange } from './exchange.ts';
import { lookup } from './lookup.ts';

export interface DnsClientOptions {
  /** In the order they are asked; at least one. */
  readonly resolvers: readonly DnsServer[];
  /** Bound on one question to one server. */
  readonly timeoutMs: number;
  readonly meter: Meter;
  /** Which addresses `lookup` asks for; at least one. */
  readonly families: readonly (4 | 6)[];
}

/** @throws UsageError when there is nobody to ask or nothing to ask for */
export function openDnsClient({ resolvers, timeoutMs, meter, families }: DnsClientOptions): DnsClient {
  if (resolvers.length === 0) throw new UsageError('no resolver to ask', 'name one with --resolver IP[#PORT]');
  if (families.length === 0) throw new UsageError('neither IPv4 nor IPv6 is wanted', 'drop -4 or -6');
  const query: DnsClient['query'] = (server, question, signal) =>
    exchange({ server, question, timeoutMs, meter, signal });
  return {
    resolvers,
    query,
    lookup: (name, signal) => lookup(name, { resolvers, families, query, signal }),
  };
}
