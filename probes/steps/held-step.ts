// Owns what a step came to: what was captured, what of the assertions held, and whether the next step can go on with it.
import { textToCompare } from '../../src/net/call/secret-text.ts';
import { holdTo } from './assertions.ts';
import { captureFrom } from './captures.ts';
import type { StepRound } from './evidence.ts';
import type { Held } from './held.ts';
import type { StepSource } from './options.ts';
import type { RoundState, StepOutcome } from './run-step.ts';
import { piecesOf } from './template.ts';

export interface HeldStep {
  readonly outcome: StepRound['outcome'];
  readonly because: string | null;
  readonly assertions: readonly Held[];
  readonly captured: readonly string[];
}

interface When {
  readonly durationMs: number;
  readonly asOfMs: number;
}

/** Adds what was captured to the state. */
export function heldStep(
  step: StepSource,
  { sent, answer, because }: StepOutcome,
  state: RoundState,
  when: When,
): HeldStep {
  if (answer === null) return { outcome: 'failed', because: because ?? 'no answer', assertions: [], captured: [] };
  const url = sent.at(-1)?.url.href ?? state.target.url;
  const missing: string[] = [];
  const captured: string[] = [];
  for (const [name, source] of Object.entries(step.capture)) {
    const taken = captureFrom(name, source, answer, state.cookies, url);
    if ('because' in taken) missing.push(taken.because);
    else {
      state.captures.set(name, taken.value);
      captured.push(name);
    }
  }
  const timed = { durationMs: when.durationMs, spans: sent.map(({ record }) => record.spans) };
  const facts = {
    ...{ answer, timed, redirects: sent.length - 1, asOfMs: when.asOfMs },
    written: (text: Parameters<typeof piecesOf>[0]) => textToCompare(piecesOf(text, state.captures, 'raw')),
  };
  const assertions = step.assert.flatMap((source) => holdTo(source, facts));
  const unmet = assertions.filter(({ saw }) => saw !== null).length;
  const refusal = missing[0] ?? (isRefused(step, answer.status) ? `answered ${answer.status}` : null);
  if (refusal !== null) return { outcome: 'failed', because: refusal, assertions, captured };
  const words = unmet === 0 ? null : `${unmet} of ${assertions.length} assertions did not hold`;
  return { outcome: unmet === 0 ? 'passed' : 'unmet', because: words, assertions, captured };
}

/** Whoever says which status is to come has the say; else 4xx and 5xx are failures. */
function isRefused({ assert }: StepSource, status: number): boolean {
  return status >= 400 && !assert.some((source) => source.status !== undefined);
}
