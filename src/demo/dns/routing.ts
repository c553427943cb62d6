// Owns which of the service's addresses an authority gives to whom, by the script's routing policy. Pure but for the randomness given.
import type { Answer } from 'dns-packet';
import type { Random } from '../random.ts';
import type { RoutingScript } from '../script.ts';
import type { Query, Reply } from './message.ts';

/** Bits of the client's network that a `by-client` answer depends on. */
const SCOPE = 24;

/** The reply with its addresses chosen and ordered; one with fewer than two addresses stays as it is. */
export function routed(reply: Reply, query: Query, policy: RoutingScript, random: Random): Reply {
  const addresses = reply.answers.filter((record) => record.type === 'A');
  if (addresses.length < 2 || policy.kind === 'fixed') return reply;
  const others = reply.answers.filter((record) => record.type !== 'A');
  const answers = [...others, ...chosen(addresses, query, policy, random)];
  return policy.kind === 'by-client' && query.subnet !== null
    ? { ...reply, answers, scope: SCOPE }
    : { ...reply, answers };
}

function chosen(
  addresses: readonly Answer[],
  { subnet }: Query,
  policy: Exclude<RoutingScript, { readonly kind: 'fixed' }>,
  random: Random,
): readonly Answer[] {
  switch (policy.kind) {
    case 'rotated':
      return shuffled(addresses, random);
    case 'multivalue':
      return shuffled(addresses, random).slice(0, policy.size);
    case 'weighted': {
      let left = random() * policy.weights.reduce((sum, weight) => sum + weight, 0);
      const at = policy.weights.findIndex((weight) => (left -= weight) < 0);
      return addresses.slice(Math.max(0, at)).slice(0, 1);
    }
    case 'by-client':
      // The third octet of the option's address (RFC 7871 6) stands for a place; without one the first zone is nearest.
      return addresses.slice((subnet?.[6] ?? 0) % addresses.length).slice(0, 1);
  }
}

function shuffled(all: readonly Answer[], random: Random): readonly Answer[] {
  return all
    .map((one) => ({ one, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
