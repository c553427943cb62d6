// Owns asking the resolver for signed data: each question once a journey, and no more of them than allowed.
// Judges nothing.
import type { DnsReply } from '../../../src/contract/net.ts';
import { resolverOf } from '../../../src/net/dns/pointer-names.ts';
import { ask, type Context } from '../ask.ts';
import type { ZoneName } from './names.ts';

export type SignedType = 'A' | 'AAAA' | 'DS' | 'DNSKEY';

export type Told =
  | { readonly reply: DnsReply; readonly because: null }
  | { readonly reply: null; readonly because: 'resolver-failed' | 'too-many-questions' | 'cut-off' };

export interface Source {
  ask(name: ZoneName, type: SignedType): Promise<Told>;
  questions(): number;
}

/** A name of four labels in a signed zone behind one alias needs about a dozen. */
const MAX_QUESTIONS = 24;

/** Puts each question once, and no more of them than allowed. */
export function rememberedSource(put: Source['ask']): Source {
  const told = new Map<string, Promise<Told>>();
  return {
    ask(name, type) {
      const key = `${type} ${name}`;
      const known = told.get(key);
      if (known !== undefined) return known;
      if (told.size >= MAX_QUESTIONS) return Promise.resolve({ reply: null, because: 'too-many-questions' });
      const asked = put(name, type);
      told.set(key, asked);
      return asked;
    },
    questions: () => told.size,
  };
}

/** The resolver that answered the lookup, or the first: what one of them strips, another may not, and mixing them proves nothing. */
export function openSource(context: Context): Source {
  const { net, lookup, signal } = context;
  const resolver = resolverOf(net.dns, lookup?.resolver ?? null);
  return rememberedSource(async (name, type) => {
    if (resolver === null) return { reply: null, because: 'resolver-failed' };
    const { reply } = await ask(context, resolver, { name, type, recursionDesired: true, dnssec: true });
    if (signal.aborted) return { reply: null, because: 'cut-off' };
    // A truncated set verifies as little as a forged one.
    if (reply === null || (reply.truncated && reply.transport === 'udp')) {
      return { reply: null, because: 'resolver-failed' };
    }
    return { reply, because: null };
  });
}
