// Owns the agent's targets on the command line: those of its file and those that others name, begun, looked for again, read again.
import { Agent } from '../agent/agent.ts';
import { Discovery, type DiscoveryState } from '../agent/discovery.ts';
import { openLooking } from '../agent/looking.ts';
import { openedOnce } from '../agent/open-doors.ts';
import { Probing } from '../agent/probing.ts';
import { type Reloadable, reloadable } from '../agent/reloads.ts';
import type { RidingRoom } from '../agent/riding.ts';
import { isInShard, type Shard } from '../agent/shard.ts';
import { steadyClock } from '../agent/steady-clock.ts';
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import { shellQuote } from '../report/escape/shell.ts';
import type { LoadedAgent, Scheduled } from './agent-config.ts';
import type { Launch, LoggedLaunch } from './launch.ts';
import { findModule, probeByModule } from './module-probe.ts';
import type { ModuleRoom } from './module-room.ts';
import { samplesOf } from './output.ts';

export interface Targets {
  readonly agent: Agent;
  readonly probing: Probing;
  /** Of the config itself; null without any. */
  readonly modules: () => BlackboxConfig | null;
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

export function ridingRoomOf({ io, probes: lazy, version }: Launch): RidingRoom {
  const probes = lazy.map(openedOnce);
  return {
    ...{ probes, version, wallClockMs: () => io.wallClockMs(), quote: shellQuote },
    newId: () => io.newId(),
    vantage: () => io.vantage(),
    samplesOf: (journey) => samplesOf(journey, probes),
  };
}

export interface TargetsRoom {
  /** That `load` reads. */
  readonly file: string;
  readonly load: () => Promise<LoadedAgent>;
  /** Of the targets; null: all. */
  readonly shard: Shard | null;
  /** Modules that the command line names; null without any. */
  readonly otherModules: () => BlackboxConfig | null;
  readonly moduleRoom: ModuleRoom;
}

export function openTargets(
  first: LoadedAgent,
  { file, load, shard, otherModules, moduleRoom }: TargetsRoom,
  launch: LoggedLaunch,
): Targets {
  const { io, log } = launch;
  const wallClockMs = (): number => io.wallClockMs();
  const clock = steadyClock(wallClockMs);
  const agent = new Agent({ ...ridingRoomOf(launch), log, clock });
  let loaded = first;
  const find = findModule(() => [loaded.modules, otherModules()]);
  const probing = new Probing({
    ...{ clock, wallClockMs, log, newId: () => io.newId(), lag: agent.lag, shared: agent.shared },
    probe: (target, signal) => probeByModule(target, find(target.module), { ...moduleRoom.run, signal }),
  });
  let discovery = new Discovery(first.sources, null, { most: first.most, log });
  const set = (): void => {
    const { concurrency, moduleConcurrency, history, metrics } = loaded;
    const all = joined(loaded.targets, discovery).filter((one) => shard === null || isInShard(hashedOf(one), shard));
    const targets = all.flatMap((one) => ('ridden' in one ? [one.ridden] : []));
    agent.set({ targets, concurrency, history, metrics });
    const probed = all.flatMap((one) => ('probed' in one ? [one.probed] : []));
    probing.set(probed, moduleConcurrency, history);
  };
  const onFault = (error: unknown): void => {
    const err = error instanceof Error ? error.message : 'unknown';
    log.error('a fault of this program ended a look for targets', { err });
  };
  const looking = openLooking<Scheduled>({ onChange: set, onFault });
  const take = async (): Promise<void> => {
    const next = await load();
    const found = new Discovery(next.sources, discovery, { most: next.most, log });
    await found.look(performance.now());
    [loaded, discovery] = [next, found];
    set();
    looking.follow(found);
  };
  return {
    ...{ agent, probing, modules: () => loaded.modules, text: () => loaded.text, history: () => loaded.history },
    discovery: () => discovery.state(),
    begin() {
      set();
      looking.follow(discovery);
    },
    end: () => looking.end(),
    reloadable: reloadable(take, wallClockMs, log, file),
  };
}

/** The file goes before what others name, and who is named twice is one. */
function joined(own: readonly Scheduled[], discovery: Discovery<Scheduled>): readonly Scheduled[] {
  const byName = new Map(own.map((target) => [nameOf(target), target]));
  for (const target of discovery.targets()) if (!byName.has(nameOf(target))) byName.set(nameOf(target), target);
  return [...byName.values()];
}

const nameOf = (one: Scheduled): string => ('ridden' in one ? one.ridden.name : one.probed.name);
/** All that is probed of a target is in one share. */
const hashedOf = (one: Scheduled): string => ('ridden' in one ? one.ridden.name : one.probed.label);
