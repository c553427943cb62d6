// Owns looking again and again at the places that name targets: files and URLs. A place that cannot be read, or is wrong, keeps what it named before.
// Knows no form of what stands there.
import { UsageError } from '../model/usage-error.ts';
import type { AgentLog } from './log/agent-log.ts';

/** A place that names targets. */
export interface Source<T> {
  /** For messages; a query is left out of them. */
  readonly name: string;
  /** @throws UsageError */
  readonly read: (signal: AbortSignal) => Promise<string>;
  /** @throws UsageError */
  readonly parse: (text: string) => Promise<readonly T[]>;
}

export interface DiscoveryState {
  readonly sources: number;
  readonly failing: number;
}

export interface Discovery<T> {
  /** What all places name, as far as they could ever be read. */
  targets(): readonly T[];
  /** What one place names. */
  of(name: string): readonly T[];
  state(): DiscoveryState;
  /** Looks once. @returns whether something changed */
  look(): Promise<boolean>;
}

/** A place that does not answer is not waited for longer, ms. */
const BOUND_MS = 10_000;

interface Known<T> {
  text: string | null;
  targets: readonly T[];
  fault: string | null;
}

/**
 * @param before whose places, where they are named again, stand for what they named until they can be read
 * @param log is told why a place could not be read, once and not at each look
 */
export function openDiscovery<T>(
  sources: readonly Source<T>[],
  before: Discovery<T> | null,
  log: Pick<AgentLog, 'info' | 'warn'>,
): Discovery<T> {
  const begun = (name: string): Known<T> => ({ text: null, targets: before?.of(name) ?? [], fault: null });
  const known = new Map(sources.map((source) => [source, begun(source.name)]));
  const lookAt = async (source: Source<T>, state: Known<T>): Promise<boolean> => {
    try {
      const text = await source.read(AbortSignal.timeout(BOUND_MS));
      const isNew = text !== state.text;
      if (isNew) state.targets = await source.parse(text);
      state.text = text;
      if (state.fault !== null) log.info('a place of targets can be read again', { place: source.name });
      state.fault = null;
      return isNew;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      if (state.fault !== error.message)
        log.warn('a place of targets cannot be read; what it named before is kept', {
          place: source.name,
          err: error.message,
        });
      state.fault = error.message;
      return false;
    }
  };
  return {
    targets: () => [...known.values()].flatMap(({ targets }) => targets),
    of: (name) => [...known].flatMap(([source, { targets }]) => (source.name === name ? targets : [])),
    state: () => ({
      sources: known.size,
      failing: [...known.values()].filter(({ fault }) => fault !== null).length,
    }),
    async look() {
      const changed = await Promise.all([...known].map(([source, state]) => lookAt(source, state)));
      return changed.includes(true);
    },
  };
}
