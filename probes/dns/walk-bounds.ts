// Owns the bounds of a walk: how many questions it may ask, and how long each may take. Never asks on its own.
import type { DnsQuestion } from '../../src/contract/net.ts';
import { problem } from '../../src/model/problem.ts';
import type { DnsName, IpAddress, WireText } from '../../src/model/text.ts';
import { ask, askResolvers, type Context, type Told } from './ask.ts';
import type { ServerEvidence } from './evidence.ts';
import { type Located, locate, unlocated } from './locate.ts';

/** Questions of all walks of a journey, those to the resolver included. A usual one asks two dozen. */
const MAX_QUESTIONS = 64;
/** Name servers looked up when a list comes without addresses. */
const MAX_LOOKED_UP = 4;
/** A and AAAA. */
const QUESTIONS_A_LOOKUP = 2;
/** Zones from the root to the leaf. */
export const MAX_DEPTH = 16;
/** One question of the walk, or over TCP: shorter than a step, because others can be asked and the walk must not hold the probe up. */
const QUESTION_MS = 2_000;

export interface Walk {
  readonly context: Context;
  readonly signal: AbortSignal;
  /** One question to one authority; `cancelled` when no more may be asked. */
  ask(address: IpAddress, question: DnsQuestion): Promise<Told>;
  /** Takes the right to send so many more questions; false when there is none left. */
  take(questions: number): boolean;
  /** True once for each zone: one server above the leaf is enough to know that TCP leads out of here. */
  wantsTcp(zone: DnsName): boolean;
  spent(): { readonly questions: number; readonly exhausted: boolean };
}

export function openWalk(context: Context): Walk {
  let questions = 0;
  let exhausted = false;
  const overTcpAsked = new Set<DnsName>();
  const take = (wanted: number): boolean => {
    if (questions + wanted > MAX_QUESTIONS) exhausted = true;
    else questions += wanted;
    return !exhausted;
  };
  return {
    context,
    signal: context.signal,
    take,
    async ask(address, question) {
      return take(1)
        ? askBriefly(context, address, question)
        : { reply: null, problem: problem('cancelled', 'gather') };
    },
    wantsTcp(zone) {
      const first = !overTcpAsked.has(zone);
      overTcpAsked.add(zone);
      return first;
    },
    spent: () => ({ questions, exhausted }),
  };
}

/** One question to an authority within `QUESTION_MS`. */
export function askBriefly(context: Context, address: IpAddress, question: DnsQuestion): Promise<Told> {
  const server = { address, port: context.options.authorityPort };
  return briefly(context, (within) => ask(within, server, question));
}

/** The same to the resolvers, all together: one that is silent about a name may still know the root. */
export function askResolversBriefly(context: Context, ...question: Question): Promise<Told> {
  return briefly(context, (within) => askResolvers(within, ...question));
}

type Question = Parameters<typeof askResolvers> extends readonly [Context, ...infer Rest] ? Rest : never;

async function briefly(context: Context, work: (within: Context) => Promise<Told>): Promise<Told> {
  const told = await work({ ...context, signal: brief(context) });
  const late = told.problem?.code === 'cancelled' && !context.signal.aborted;
  return late ? { reply: null, problem: problem('dns-timeout', 'gather') } : told;
}

function brief({ signal }: Context): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(QUESTION_MS)]);
}

/** The first of these name servers with the addresses that the resolver tells; the others as they are. */
export function locatedIn(walk: Walk, names: readonly WireText[]): Promise<readonly Located[]> {
  const { context } = walk;
  return Promise.all(
    names.map(async (name, index) => {
      if (index >= MAX_LOOKED_UP || !walk.take(QUESTIONS_A_LOOKUP)) return unlocated(name);
      const located = await locate({ ...context, signal: brief(context) }, name);
      const late = located.error === 'cancelled' && !context.signal.aborted;
      return late ? { ...located, error: 'dns-timeout' as const } : located;
    }),
  );
}

/** The zone's SOA over TCP. */
export async function overTcp(
  walk: Pick<Walk, 'ask'>,
  address: IpAddress,
  zone: DnsName,
): Promise<NonNullable<ServerEvidence['tcp']>> {
  const told = await walk.ask(address, { name: zone, type: 'SOA', recursionDesired: false, transport: 'tcp' });
  return { rttMs: told.reply?.elapsedMs ?? null, error: told.problem?.code ?? null };
}
