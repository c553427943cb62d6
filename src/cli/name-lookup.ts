// Owns how the agent looks up names for its callers: as this machine does, or, where rules name names, at the resolvers alone, which tell the aliases.
import { lookup } from 'node:dns';
import type { AddressPolicy } from '../agent/address-policy.ts';
import { Unresolved } from '../blackbox/failure.ts';
import { askedAt } from '../blackbox/own-resolver.ts';
import type { ResolveName } from '../blackbox/probe.ts';
import type { DnsServer } from '../contract/net.ts';
import { problem } from '../model/problem.ts';
import { formatServer } from '../net/dns/server-text.ts';
import { systemResolvers } from '../net/dns/system.ts';

/**
 * Neither /etc/hosts nor search domains: what they make of a name is not known, so that no rule could hold for it.
 * @param resolvers null: the system's
 */
export function resolveUnder(allows: AddressPolicy, resolvers: readonly DnsServer[] | null): ResolveName {
  if (allows.follows === null) return byTheSystem;
  return async (name, family, signal) => {
    const servers = resolvers ?? (await systemResolvers());
    const asked = servers.map((server) => ({ server, text: formatServer(server), tcp: false }));
    return askedAt(asked, { rootsPem: null, allows })(name, family, signal);
  };
}

/** As other programs of this machine look names up: files, search domains and all (getaddrinfo). */
const byTheSystem: ResolveName = (name, family, signal) =>
  new Promise((resolve, reject) => {
    const late = problem('dns-timeout', 'resolve');
    signal.addEventListener('abort', () => reject(new Unresolved(`lookup ${name}: i/o timeout`, late)), { once: true });
    lookup(name, { all: true, order: 'verbatim', family: family ?? 0 }, (error, addresses) => {
      if (error !== null) reject(refusalOf(name, error));
      else resolve(addresses.map(({ address }) => address));
    });
  });

/** getaddrinfo(3): EAI_AGAIN is what a resolver that fails or does not answer comes to. */
function refusalOf(name: string, { code, message }: NodeJS.ErrnoException): Unresolved {
  if (code === 'ENOTFOUND') return new Unresolved(`lookup ${name}: no such host`, null);
  const because = code === 'EAI_AGAIN' ? 'servfail' : code === 'EMFILE' || code === 'ENFILE' ? 'no-descriptors' : null;
  return new Unresolved(`lookup ${name}: ${message}`, because === null ? null : problem(because, 'resolve'));
}
