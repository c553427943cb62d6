// Owns the name of the URL parameter `query_name`, which a dns module may take instead of its own: which names it permits, and the refusals.
// A module that does not ask for it takes none: whoever reaches /probe would have this machine ask for anything.
import { dnsName } from '../model/text.ts';
import type { Module } from './config/modules.ts';

/** @param name of the module @returns the module with the name in it, or why not */
export function askedName(module: Module, name: string, asked: string | null): Module | string {
  if (asked === null || asked === '' || module.prober !== 'dns') return module;
  const under = module.outrider?.query_names_under ?? [];
  if (under.length === 0)
    return `Module ${JSON.stringify(name)} takes no parameter query_name: outrider: { query_names_under: [...] } in it permits names`;
  // The wildcard's own label may be asked for as well.
  const plain = asked === '.' ? '.' : dnsName(asked.replace(/^\*\./, 'x.'));
  if (plain === null) return 'Parameter query_name is not a domain name';
  const query = asked.toLowerCase();
  const bare = query.replace(/\.$/, '');
  if (!under.some((zone) => zone === '.' || bare === zone || bare.endsWith(`.${zone}`)))
    return `Module ${JSON.stringify(name)} permits no query_name of this zone`;
  return { ...module, dns: { ...module.dns, query_name: query } };
}
