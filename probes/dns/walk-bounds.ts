// Owns the bounds of a walk: how many questions it may ask, and how long each may take. Never asks on its own.
import type { DnsQuestion } from '../../src/contract/net.ts';
import { problem } from '../../src/model/problem.ts';
import type { DnsName, IpAddress } from '../../src/model/text.ts';
import { ask, type Context, type Told } from './ask.ts';
import type { ServerEvidence } from './evidence.ts';

/** Questions of one walk, those to the resolver included. A usual one asks two dozen. */
const MAX_QUESTIONS = 40;
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
export async function askBriefly(context: Context, address: IpAddress, question: DnsQuestion): Promise<Told> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(QUESTION_MS)]);
  const told = await ask({ ...context, signal }, { address, port: context.options.authorityPort }, question);
  const late = told.problem?.code === 'cancelled' && !context.signal.aborted;
  return late ? { reply: null, problem: problem('dns-timeout', 'gather') } : told;
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
