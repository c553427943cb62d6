// Owns what the names around the service say: those of the alias chain, and those that its addresses are said to have.
// Judges nothing; a name nobody here knows is left out.
import { addressScope } from '../../src/model/address-scope.ts';
import { readTargetName, readTargetText, type TargetName } from '../../src/model/target-names.ts';
import type { IpAddress } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import { pointerNames, resolverOf } from '../../src/net/dns/pointer-names.ts';
import type { Context } from './ask.ts';
import type { TargetEvidence } from './evidence.ts';

/** Addresses whose own names are asked for. */
const MAX_REVERSE = 8;
/** Reverse zones are often served badly; what takes longer is not worth a journey's time, ms. */
const REVERSE_MS = 1000;

/** The chain tells more than an address can; only when it tells nothing are the addresses asked for their names. */
export async function targetsOf(context: Context, lookup: Lookup): Promise<TargetEvidence[]> {
  const names = [...lookup.aliases.map(({ name }) => name), lookup.canonicalName];
  const chain = names.flatMap((name) => written(readTargetName(name), 'chain', null));
  return chain.length > 0 ? chain : await reverseTargets(context, lookup);
}

async function reverseTargets({ net, signal }: Context, { addresses, resolver }: Lookup): Promise<TargetEvidence[]> {
  // Names of addresses that only insiders have are insiders' names: RFC 6303.
  const asked = addresses.map(({ address }) => address).filter((address) => addressScope(address) === 'public');
  const server = resolverOf(net.dns, resolver);
  if (server === null) return [];
  const soon = AbortSignal.any([signal, AbortSignal.timeout(REVERSE_MS)]);
  const told = await pointerNames(net.dns, server, asked.slice(0, MAX_REVERSE), soon);
  return [...told].flatMap(([address, names]) =>
    names
      .slice(0, MAX_REVERSE)
      .flatMap((name) => written(readTargetText(name), 'reverse', address))
      .slice(0, 1),
  );
}

function written(found: TargetName | null, from: TargetEvidence['from'], address: IpAddress | null): TargetEvidence[] {
  return found === null ? [] : [{ ...found, from, address }];
}
