// Owns asking one name server what it need not know, and writing down how it takes it.
// Never judges, never faster than its pace, and asks nothing of a server that does not serve the zone.
import type { DnsTrial, DnsTrialReply } from '../../../src/contract/net.ts';
import { paused } from '../../../src/model/paused.ts';
import type { ProblemCode } from '../../../src/model/problem.ts';
import type { DnsName, IpAddress } from '../../../src/model/text.ts';
import type { Context, Told } from '../ask.ts';
import type { ServerEvidence } from '../evidence.ts';
import {
  type ConformanceEvidence,
  type LadderEvidence,
  type TrialEvidence,
  type TrialReplyEvidence,
  trialNames,
} from '../evidence-conformance.ts';
import { FEW, LARGE, ladderTrial, soaTrial, trialOf } from './trials.ts';

/** Between two questions to one server, ms; the few of every journey go at once. */
const PACE_MS = 20;
/** The room of old resolvers, of those since 2020, and of a plain datagram: RFC 6891 6.2.5, 9715, 1035 4.2.1. */
const ROOMS = [4096, 1232, 512] as const;

interface Asking {
  readonly context: Context;
  readonly zone: DnsName;
  readonly address: IpAddress;
}

/** Undefined where nothing is wanted, or time is over. */
export async function askConformance(
  context: Context,
  zone: DnsName,
  address: IpAddress,
): Promise<ConformanceEvidence | undefined> {
  const asking: Asking = { context, zone, address };
  const { conformance } = context.options;
  if (conformance === 'none') return undefined;
  if (conformance === 'few') {
    const trials = await Promise.all(FEW.map((name) => askTrial(asking, name)));
    return context.signal.aborted ? undefined : { trials };
  }
  const trials: TrialEvidence[] = [];
  for (const name of trialNames) {
    await breath(context);
    if (context.signal.aborted) return undefined;
    trials.push(await askTrial(asking, name));
  }
  const ladder = await climb(asking);
  const pipeline = await overOneConnection(asking, ladder);
  return context.signal.aborted ? undefined : { trials, ladder, pipeline };
}

async function breath({ signal }: Context): Promise<void> {
  await paused(PACE_MS, signal);
}

async function askTrial(asking: Asking, name: TrialEvidence['trial']): Promise<TrialEvidence> {
  const { reply, error } = await send(asking, trialOf(name, asking.zone));
  return { trial: name, reply: reply === null ? null : seen(reply), error };
}

type Sent =
  | { readonly reply: DnsTrialReply; readonly error: null }
  | { readonly reply: null; readonly error: ProblemCode };

async function send({ context, address }: Asking, trial: DnsTrial): Promise<Sent> {
  const server = { address, port: context.options.authorityPort };
  const attempt = await context.net.dns.trial(server, trial, context.signal);
  if (attempt.state === 'complete') return { reply: attempt.value, error: null };
  return { reply: null, error: attempt.state === 'failed' ? attempt.problem.code : 'cancelled' };
}

function seen({ edns, answerTypes, from: _from, sent: _sent, ...reply }: DnsTrialReply): TrialReplyEvidence {
  const options = edns?.options.map((option) => ({ ...option })) ?? [];
  return { ...reply, answerTypes: [...answerTypes], edns: edns === null ? null : { ...edns, options } };
}

/**
 * The most room first. A small answer ends it: it says nothing. A large one is asked for with the least room too, to see it cut;
 * one that is lost or cut is asked for with less room until it comes.
 */
async function climb(asking: Asking): Promise<LadderEvidence> {
  const { zone } = asking;
  const [roomy, ...less] = ROOMS;
  let ladder: LadderEvidence = { name: zone, type: LARGE[0], steps: [] };
  for (const type of LARGE) {
    const first = await step(asking, type, roomy);
    ladder = { name: zone, type, steps: [first] };
    if (first.error !== null || first.truncated || (first.sizeBytes ?? 0) > 512) break;
  }
  const [first] = ladder.steps;
  if (first === undefined || (first.sizeBytes !== null && first.sizeBytes <= 512 && !first.truncated)) return ladder;
  for (const room of less) {
    await breath(asking.context);
    const next = await step(asking, ladder.type as (typeof LARGE)[number], room);
    ladder = { ...ladder, steps: [...ladder.steps, next] };
  }
  return ladder;
}

async function step(asking: Asking, type: (typeof LARGE)[number], payloadBytes: number) {
  const { reply, error } = await send(asking, ladderTrial(asking.zone, type, payloadBytes));
  return { payloadBytes, sizeBytes: reply?.sizeBytes ?? null, truncated: reply?.truncated ?? false, error };
}

async function overOneConnection(
  { context, zone, address }: Asking,
  { type }: LadderEvidence,
): Promise<NonNullable<ConformanceEvidence['pipeline']>> {
  const server = { address, port: context.options.authorityPort };
  const trials = [soaTrial(zone), ladderTrial(zone, type as (typeof LARGE)[number], ROOMS[0])];
  const attempt = await context.net.dns.pipeline(server, trials, context.signal);
  if (attempt.state !== 'complete') {
    const error = attempt.state === 'failed' ? attempt.problem.code : 'cancelled';
    return { answered: 0, closedEarly: false, wholeBytes: null, error };
  }
  const { replies, closedEarly } = attempt.value;
  const answered = replies.filter((reply) => reply !== null).length;
  return { answered, closedEarly, wholeBytes: replies[1]?.sizeBytes ?? null, error: null };
}

/** An answer that has not come by then is late, ms: a round trip round the world takes half of it. */
const LATE_MS = 600;

/** How a server that is silent takes the question without EDNS, from whomever the reply comes; null where it is silent then, too. */
export async function askBeyond(
  context: Context,
  zone: DnsName,
  address: IpAddress,
  asking: Promise<Told>,
): Promise<NonNullable<ServerEvidence['plainReply']> | null> {
  const patience = new AbortController();
  const silent = asking.then(({ problem }) => problem?.code === 'dns-timeout');
  const late = paused(LATE_MS, patience.signal);
  const isLate = await Promise.race([silent, late]);
  patience.abort();
  if (!isLate || context.signal.aborted) return null;
  const { reply } = await send({ context, zone, address }, trialOf('plain', zone));
  return reply === null ? null : { from: reply.from };
}
