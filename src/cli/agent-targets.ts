// Owns the agent's targets on the command line: those of its file and those that others name, begun, looked for again, read again.
import { Agent } from '../agent/agent.ts';
import { type Discovery, type DiscoveryState, openDiscovery } from '../agent/discovery.ts';
import type { AgentLog } from '../agent/log/agent-log.ts';
import { type Reloadable, reloadable } from '../agent/reloads.ts';
import type { Ridden, RidingRoom } from '../agent/riding.ts';
import { steadyClock } from '../agent/steady-clock.ts';
import { shellQuote } from '../report/escape/shell.ts';
import type { LoadedAgent } from './agent-config.ts';
import type { Launch } from './launch.ts';
import { samplesOf } from './output.ts';

export interface Targets {
  readonly agent: Agent;
  /** The config as written. */
  readonly text: () => string;
  /** Journeys that are kept, and as many failures again. */
  readonly history: () => number;
  readonly begin: () => void;
  /** Looks for no more targets. */
  readonly end: () => void;
  readonly discovery: () => DiscoveryState;
  readonly reloadable: Reloadable;
}

export function ridingRoomOf({ io, probes, version }: Launch): RidingRoom {
  return {
    ...{ probes, version, wallClockMs: () => io.wallClockMs(), quote: shellQuote },
    newId: () => io.newId(),
    vantage: () => io.vantage(),
    samplesOf: (journey) => samplesOf(journey, probes),
  };
}

export interface LoggedLaunch extends Launch {
  readonly log: AgentLog;
}

/** @param file that `load` reads */
export function openTargets(
  file: string,
  first: LoadedAgent,
  load: () => Promise<LoadedAgent>,
  launch: LoggedLaunch,
): Targets {
  const { io, log } = launch;
  const wallClockMs = (): number => io.wallClockMs();
  const agent = new Agent({ ...ridingRoomOf(launch), log, clock: steadyClock(wallClockMs) });
  let loaded = first;
  let discovery = openDiscovery(first.sources, null, log);
  let timer: NodeJS.Timeout | undefined;
  const set = (): void => agent.set({ ...loaded.config, targets: joined(loaded.config.targets, discovery) });
  const look = async (): Promise<void> => {
    const looked = discovery;
    try {
      // A reload may have come between: then these are no longer asked.
      if ((await looked.look()) && looked === discovery) set();
    } catch (error) {
      const err = error instanceof Error ? error.message : 'unknown';
      log.error('a fault of this program ended a look for targets', { err });
    }
  };
  const again = (): void => {
    clearTimeout(timer);
    if (loaded.sources.length === 0) return;
    timer = setTimeout(() => void look().finally(again), loaded.refreshMs);
    timer.unref();
  };
  const take = async (): Promise<void> => {
    const next = await load();
    const found = openDiscovery(next.sources, discovery, log);
    await found.look();
    [loaded, discovery] = [next, found];
    set();
    again();
  };
  return {
    ...{ agent, text: () => loaded.text, history: () => loaded.config.history },
    discovery: () => discovery.state(),
    begin() {
      set();
      void look().finally(again);
    },
    end: () => clearTimeout(timer),
    reloadable: reloadable(take, wallClockMs, log, file),
  };
}

/** The file goes before what others name, and who is named twice is one. */
function joined(own: readonly Ridden[], discovery: Discovery<Ridden>): readonly Ridden[] {
  const byName = new Map(own.map((target) => [target.name, target]));
  for (const target of discovery.targets()) if (!byName.has(target.name)) byName.set(target.name, target);
  return [...byName.values()];
}
