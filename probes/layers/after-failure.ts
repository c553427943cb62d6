// Owns whether a host is slow after it failed: its next answers against its others. Pure; hosts are told apart as the hosts probe does.
import { fieldValue } from '../../src/model/fields.ts';
import { textKey, type WireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import { holm } from '../../src/stats/counts.ts';
import { hodgesLehmann, mannWhitney } from '../../src/stats/ranks.ts';
import type { AfterFailureRecord } from './evidence.ts';
import { isFailure } from './time-outs.ts';

/** The least that bounds a median with 95 % confidence. */
const LEAST_ANSWERS = 6;
const CHANCE = 0.01;
const MAX_HOSTS = 64;
const MOST_ANSWERS = 2000;
/** What the hosts probe calls a header that names the host. */
const HEADER = /^x-[a-z-]+$/;

/** @param identifiedBy what the hosts probe tells hosts apart by; only headers can be read here */
export function afterFailureOf(traces: readonly RequestTrace[], identifiedBy: string | null): AfterFailureRecord[] {
  if (identifiedBy === null || !HEADER.test(identifiedBy)) return [];
  const ordered = traces.toSorted((a, b) => a.startMs - b.startMs).slice(0, MOST_ANSWERS);
  const answers = ordered.flatMap(({ http, spans: { wait } }) => {
    const identity = http === null ? null : fieldValue(http.headers, identifiedBy);
    if (http === null || identity === null || wait === undefined) return [];
    return [{ identity, isFailed: isFailure(http.status), waitMs: wait.durationMs }];
  });
  const groups = [...Map.groupBy(answers, ({ identity }) => textKey(identity)).values()].slice(0, MAX_HOSTS);
  const compared = groups.flatMap((group) => {
    const [first] = group;
    const good = group.map((one, at) => ({ ...one, follows: group[at - 1]?.isFailed === true })).filter(isGood);
    const after = good.filter(({ follows }) => follows).map(({ waitMs }) => waitMs);
    const others = good.filter(({ follows }) => !follows).map(({ waitMs }) => waitMs);
    if (first === undefined || after.length < LEAST_ANSWERS || others.length < LEAST_ANSWERS) return [];
    return [{ identity: first.identity, after, others, chance: mannWhitney(after, others).chance }];
  });
  const chances = holm(compared.map(({ chance }) => chance));
  return compared.flatMap((one, at) => recordOf(one, chances[at] ?? 1));
}

function isGood({ isFailed }: { readonly isFailed: boolean }): boolean {
  return !isFailed;
}

interface Compared {
  readonly identity: WireText;
  readonly after: readonly number[];
  readonly others: readonly number[];
}

function recordOf({ identity, after, others }: Compared, chance: number): readonly AfterFailureRecord[] {
  const shift = chance <= CHANCE ? hodgesLehmann(after, others) : null;
  if (shift === null || shift.interval === null || shift.interval[0] <= 0) return [];
  const interval: [number, number] = [rounded(shift.interval[0]), rounded(shift.interval[1])];
  return [{ identity, answers: after.length, shiftMs: rounded(shift.shift), shiftIntervalMs: interval, chance }];
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
