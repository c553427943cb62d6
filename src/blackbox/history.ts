// Owns what came of the latest probes, and of failures a while longer: their debug pages. Holds no more than it is told to.

export interface Result {
  readonly id: number;
  readonly module: string;
  readonly target: string;
  /** The debug page, made when somebody asks for it; its log as `shown` has it, else whole. */
  readonly debug: (shown?: (log: string) => string) => string;
  readonly success: boolean;
  /** Unix ms */
  readonly endedAtMs: number;
}

export interface History {
  add(result: Omit<Result, 'id'>): void;
  /** The oldest first. */
  list(): readonly Result[];
  byId(id: number): Result | null;
  /** The oldest one that fits, as the exporter finds it. */
  byTarget(target: string, module: string | null): Result | null;
}

/** @param limit of results, and as many failures again that have left them */
export function openHistory(limit: number): History {
  const results: Result[] = [];
  const failures: Result[] = [];
  let next = 0;
  const list = (): readonly Result[] => [...failures, ...results];
  return {
    list,
    add(result) {
      results.push({ ...result, id: next++ });
      const oldest = results.length > limit ? results.shift() : undefined;
      if (oldest === undefined || oldest.success) return;
      failures.push(oldest);
      if (failures.length > limit) failures.shift();
    },
    byId: (id) => list().find((one) => one.id === id) ?? null,
    byTarget: (target, module) =>
      list().find((one) => one.target === target && (module === null || one.module === module)) ?? null,
  };
}
