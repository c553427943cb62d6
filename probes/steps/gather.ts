// Owns going through the steps, round by round: in order, each with what those before it captured. Judges nothing.
// Values of secrets, captures and cookies do not leave it: their names stand in their places.
import type { Net } from '../../src/contract/net.ts';
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { parseDuration } from '../../src/model/duration.ts';
import { paused } from '../../src/model/paused.ts';
import type { Secret } from '../../src/model/secret.ts';
import { SecretText } from '../../src/model/secret-text.ts';
import { wireText } from '../../src/model/text.ts';
import { hiding } from '../../src/net/call/secret-text.ts';
import { openCookies } from './cookies.ts';
import type { ShownRound, StepRecord, StepRound, StepsEvidence } from './evidence.ts';
import { heldStep } from './held-step.ts';
import type { StepSource, StepsOptions } from './options.ts';
import { type RoundState, runStep } from './run-step.ts';
import { shownUrl } from './sending.ts';
import { talkName } from './talk-kind.ts';
import { toldExchange } from './told.ts';
import { hidden, writtenExchange } from './written.ts';

/** Why there is no record: compared nowhere, read by people. */
const NO_STEPS = 'no steps are given (--journey FILE)';

export const gather: Gather<StepsEvidence, StepsOptions> = async (context) => {
  const { options, net, signal } = context;
  const steps = stepsOf(options);
  const { call } = net;
  if (steps.length === 0 || call === undefined) return { state: 'skipped', because: NO_STEPS };
  const beganMs = net.now();
  const everyMs = parseDuration(options.every, 'every');
  const rounds: RoundRecord[][] = [];
  for (let round = 0; round < options.repeat && !signal.aborted; round++) {
    await paused(beganMs + round * everyMs - net.now(), signal);
    if (signal.aborted) break;
    rounds.push(await goThrough(steps, round, context, call));
  }
  const completed = signal.aborted ? Math.max(0, rounds.length - 1) : rounds.length;
  const value = {
    repeat: options.repeat,
    completed,
    steps: steps.map((step, at) =>
      recordOf(
        step,
        rounds.flatMap((round) => round[at] ?? []),
        context.target.url,
      ),
    ),
  };
  const elapsedMs = net.now() - beganMs;
  return signal.aborted ? { state: 'unfinished', value, elapsedMs } : { state: 'complete', value, elapsedMs };
};

/** Assertions without steps are about the target itself. */
function stepsOf({ steps, assert, request = {} }: StepsOptions): readonly StepSource[] {
  if (steps.length > 0 || assert.length === 0) return steps;
  return [{ name: 'request', ...request, redirects: 0, capture: {}, assert }];
}

interface RoundRecord {
  readonly summary: StepRound;
  readonly shown: ShownRound | null;
}

async function goThrough(
  steps: readonly StepSource[],
  round: number,
  { target, endpoints, net, signal, startedAtMs }: GatherContext<StepsOptions>,
  call: RoundState['call'],
): Promise<RoundRecord[]> {
  const state: RoundState = {
    ...{ call, talk: net.talk, target, signal, cookies: openCookies(), captures: new Map() },
    ...{ connections: new Map(), trace: { id: null } },
    endpoint: endpoints[round % Math.max(1, endpoints.length)] ?? null,
  };
  const given = new Set(secretsIn(steps));
  const records: RoundRecord[] = [];
  let failed: string | null = null;
  for (const step of steps) {
    const record: RoundRecord =
      failed === null ? await goStep(step, round, state, { given, net, asOfMs: startedAtMs }) : skipped(round, failed);
    records.push(record);
    if (record.summary.outcome === 'failed') failed = step.name;
  }
  for (const connection of state.connections.values()) connection.close();
  return records;
}

interface Beside {
  /** Secrets of the steps, and of the journey as they are sent. */
  readonly given: Set<Secret>;
  readonly net: Pick<Net, 'now' | 'onStep'>;
  readonly asOfMs: number;
}

async function goStep(step: StepSource, round: number, state: RoundState, beside: Beside): Promise<RoundRecord> {
  const { given, net, asOfMs } = beside;
  const beganMs = net.now();
  const outcome = await runStep(step, state);
  const durationMs = Math.round((net.now() - beganMs) * 1000) / 1000;
  const held = heldStep(step, outcome, state, { durationMs, asOfMs });
  for (const { record } of outcome.sent) for (const secret of record.secrets ?? []) given.add(secret);
  const hide = hiding([...given, ...state.captures.values(), ...state.cookies.secrets()]);
  const startMs = outcome.sent[0]?.record.startMs ?? 0;
  const because = held.because === null ? null : hidden(held.because, hide);
  const asked = shownUrl(step, state.target.url);
  net.onStep?.({
    ...{ name: hide(step.name), round, durationMs, outcome: held.outcome, because },
    startMs: outcome.sent.length === 0 ? null : startMs,
    exchanges: outcome.sent.map((sent) => toldExchange(sent, asked, hide)),
  });
  return {
    summary: { round, startMs, durationMs, outcome: held.outcome, because },
    shown: {
      round,
      exchanges: outcome.sent.map((sent) => writtenExchange(sent, asked, hide)),
      assertions: held.assertions.map(({ says, saw }) => ({
        says: hide(says).slice(0, MAX_SAYS),
        held: saw === null,
        saw: saw === null ? null : hidden(saw, hide),
      })),
      captured: [...held.captured],
    },
  };
}

const MAX_SAYS = 300;

function skipped(round: number, failed: string): RoundRecord {
  const because = wireText(`step "${failed}" failed`);
  return { summary: { round, startMs: 0, durationMs: 0, outcome: 'skipped', because }, shown: null };
}

/** The first round, the first that did not pass, and the last: the others are like one of them. */
function recordOf(step: StepSource, rounds: readonly RoundRecord[], target: string): StepRecord {
  const wanted = [rounds[0], rounds.find(({ summary }) => summary.outcome !== 'passed'), rounds.at(-1)];
  const shown = [...new Set(wanted)].flatMap((one) => one?.shown ?? []);
  const hasBody = [step.body, step.json, step.form].some((one) => one !== undefined);
  return {
    name: step.name,
    method: talkName(step) ?? step.method ?? (hasBody ? 'POST' : 'GET'),
    url: shownUrl(step, target),
    rounds: rounds.map(({ summary }) => summary),
    shown: shown.toSorted((a, b) => a.round - b.round),
  };
}

/** Every secret that a person put into a step. */
function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof SecretText) return value.parts.filter((part) => typeof part !== 'string');
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}
