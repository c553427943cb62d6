// Owns looking names up at the resolvers of a module instead of as the system does: our own client, over UDP, TCP, TLS or HTTPS. Keeps nothing
// between two lookups, no connection either: one that died in silence would look like an outage.
import type { DnsClient } from '../contract/net.ts';
import type { Problem } from '../model/problem.ts';
import { dnsName } from '../model/text.ts';
import { openDnsClient } from '../net/dns/client.ts';
import { lookup } from '../net/dns/lookup.ts';
import { createMeter } from '../net/meter.ts';
import { tlsConfig } from './config/client.ts';
import type { Extension, Resolver } from './config/extension.ts';
import { NotAllowed, Unresolved } from './failure.ts';
import type { ProbeContext, ResolveName } from './probe.ts';
import { materialOf } from './tls-material.ts';

/** One question to one server, with what is sent again within it. */
const QUESTION_MS = 2_000;

export type ResolvingRoom = Pick<ProbeContext, 'resolve' | 'rootsPem' | 'allows'>;

export function resolverOf({ resolver }: Pick<Extension, 'resolver'>, room: ResolvingRoom): ResolveName {
  return resolver.length === 0 ? room.resolve : askedAt(resolver, room);
}

/** Follows aliases as the rules by name want it. */
export function askedAt(
  resolvers: readonly Resolver[],
  { rootsPem, allows: { follows = null } }: Omit<ResolvingRoom, 'resolve'>,
): ResolveName {
  return async (name, family, signal) => {
    const asked = dnsName(name);
    if (asked === null) throw new Error(`lookup ${name}: no host name`);
    const client = openDnsClient({
      ...{ resolvers: resolvers.map(({ server }) => server), timeoutMs: QUESTION_MS, meter: createMeter() },
      families: family === null ? [4, 6] : [family],
      context: () => materialOf(ROOTS_ALONE, rootsPem).context,
    });
    try {
      const query: DnsClient['query'] = (server, question, stop) => {
        const tcp = resolvers.some((one) => one.server === server && one.tcp);
        return client.query(server, tcp ? { ...question, transport: 'tcp' } : question, stop);
      };
      const families = family === null ? ([4, 6] as const) : [family];
      const found = await lookup(asked, { resolvers: client.resolvers, families, query, signal });
      const names = [asked, ...found.aliases.map(({ target }) => target)];
      const because = follows === null ? undefined : names.map(follows).find((words) => words !== null);
      if (because !== undefined && because !== null) throw new NotAllowed(`${name} leads elsewhere: ${because}`);
      if (found.addresses.length > 0) return found.addresses.map(({ address }) => address);
      throw refusalOf(name, found.problem);
    } finally {
      await client.close();
    }
  };
}

/** No key of it: the roots of this machine, and no identity. */
const ROOTS_ALONE = tlsConfig.zero;

function refusalOf(name: string, problem: Problem | null): Error {
  return new Unresolved(`lookup ${name}: ${problem?.code ?? 'no address'}`, problem);
}
