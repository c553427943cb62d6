// Owns the blocks in which the steps record is shown. No formatting.
import type { Block, Cell, Section } from '../../src/contract/section.ts';
import type { HopId } from '../../src/model/trace.ts';
import { ended, latencyOf, ridden } from './derive.ts';
import type { ExchangeRecord, StepRecord, StepsEvidence } from './evidence.ts';

export function section({ steps, repeat, completed }: StepsEvidence): Section {
  const overview = overviewOf(steps);
  return {
    title: 'Steps',
    brief: [overview],
    blocks: [
      ...(repeat === 1 ? [] : [{ kind: 'facts', rows: [['rounds', `${completed} of ${repeat}`]] } as const]),
      overview,
      exchangesTable(steps),
      ...assertionsTable(steps),
    ],
  };
}

function overviewOf(steps: readonly StepRecord[]): Block {
  return {
    kind: 'table',
    columns: ['step', 'request', 'passed', 'p50 ms', 'p90 ms', 'worst ms', 'first trouble'],
    rows: steps.map((step): readonly Cell[] => {
      const latency = latencyOf(step);
      const trouble = step.rounds.find(({ outcome }) => outcome !== 'passed');
      return [
        step.name,
        `${step.method} ${step.url}`,
        `${ended(step, 'passed').length} of ${ridden(step).length}`,
        ...[latency?.p50 ?? null, latency?.p90 ?? null, latency?.max ?? null].map(rounded),
        trouble?.because ?? null,
      ];
    }),
  };
}

const PHASES: readonly HopId[] = ['resolve', 'connect', 'tls', 'wait', 'receive', 'total'];

function exchangesTable(steps: readonly StepRecord[]): Block {
  return {
    kind: 'table',
    columns: ['step', 'round', 'request', 'endpoint', 'status', ...PHASES.map((phase) => `${phase} ms`), 'then'],
    rows: steps.flatMap((step) =>
      step.shown.flatMap(({ round, exchanges }) =>
        exchanges.map((exchange): readonly Cell[] => [
          ...[step.name, round + 1, exchange.url, exchange.endpoint, statusOf(exchange)],
          ...PHASES.map((phase) => rounded(exchange.spans[phase]?.durationMs ?? null)),
          thenOf(exchange),
        ]),
      ),
    ),
  };
}

function statusOf({ status, problem, version }: ExchangeRecord): Cell {
  if (problem !== null) return problem.code;
  return status === null ? 'open' : `${status} (HTTP/${version})`;
}

function thenOf({ redirect, reused, truncated }: ExchangeRecord): Cell {
  if (redirect !== null) return redirect.to;
  return truncated ? 'body cut' : reused ? 'kept connection' : null;
}

function assertionsTable(steps: readonly StepRecord[]): readonly Block[] {
  const rows = steps.flatMap((step) =>
    step.shown.flatMap(({ round, assertions }) =>
      assertions.map(({ says, held, saw }): readonly Cell[] => [step.name, round + 1, says, held, saw]),
    ),
  );
  if (rows.length === 0) return [];
  return [{ kind: 'table', columns: ['step', 'round', 'assertion', 'held', 'it was'], rows }];
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
