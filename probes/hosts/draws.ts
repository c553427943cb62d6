// Owns turning samples into draws: which host answered each, as a small number that is the same in the ride and beyond it. Pure.
import { type TextKey, textKey, type WireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import type { Draws } from './algorithm.ts';
import type { Answer } from './health.ts';
import { readBy } from './identity.ts';
import type { More } from './infer.ts';

export interface Known extends Draws {
  /** Requests of each host, the ride's and those beyond it. */
  readonly counts: readonly number[];
}

/** @param answers in the order sent */
export function drawsOf(answers: readonly Answer[], identifiedBy: string | null, more: More | null): Known {
  const kinds = new Map<TextKey, number>();
  const counts: number[] = [];
  const kindOf = (identity: WireText | null): number | null => {
    if (identity === null) return null;
    const key = textKey(identity);
    const kind = kinds.get(key) ?? kinds.size;
    kinds.set(key, kind);
    counts[kind] = (counts[kind] ?? 0) + 1;
    return kind;
  };
  const serial = bySequence(answers, ({ identity }) => kindOf(identity));
  if (more === null || identifiedBy === null) return { serial, bursts: [], holds: [], counts };
  const read = reader(answers, identifiedBy, more);
  return {
    serial,
    bursts: more.bursts.map((burst) => burst.map((trace) => kindOf(read(trace)))),
    holds: more.holds.flatMap(({ held, others }) => {
      const host = kindOf(read(held));
      const beside = others.map((trace) => kindOf(read(trace))).filter((kind) => kind !== null);
      return host === null ? [] : [{ host, others: beside }];
    }),
    counts,
  };
}

/** Read all together: some traits are known by comparison only. */
function reader(
  answers: readonly Answer[],
  identifiedBy: string,
  { bursts, holds }: More,
): (trace: RequestTrace) => WireText | null {
  const traces = [...bursts.flat(), ...holds.flatMap(({ held, others }) => [held, ...others])];
  const read = readBy(identifiedBy, [...answers.map(({ trace }) => trace), ...traces]);
  const byTrace = new Map(traces.map((trace, at) => [trace, read[answers.length + at] ?? null]));
  return (trace) => byTrace.get(trace) ?? null;
}

/** With a null for each sample that is not there: it took its turn, too. */
export function bySequence<T>(answers: readonly Answer[], read: (answer: Answer) => T): readonly (T | null)[] {
  const sequence: (T | null)[] = [];
  for (const answer of answers) sequence[answer.trace.sequence] = read(answer);
  return Array.from(sequence, (each) => each ?? null);
}
