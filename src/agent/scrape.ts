// Owns what a scrape of /metrics gets: the targets' written-down series, the agent's own, the process'. Writes no series of a journey itself.
import { agentCatalogue } from '../metrics/agent-catalogue.ts';
import { catalogue } from '../metrics/catalogue.ts';
import { exposition, type Format, labelPairs, line, type Told } from '../metrics/exposition.ts';
import { windowLines } from '../metrics/hop-totals.ts';
import { labelValue } from '../metrics/labels.ts';
import type { RunCounts } from '../metrics/run-counts.ts';
import type { Agent } from './agent.ts';
import type { DiscoveryState } from './discovery.ts';
import type { AgentLog } from './log/agent-log.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { Probing, Watched } from './probing.ts';
import type { Reloads } from './reloads.ts';

/** What a scrape asks of an agent. */
type Scraped = Pick<Agent, 'followed' | 'state' | 'lag' | 'shared'>;
type Probes = Pick<Probing, 'watched' | 'state' | 'families'>;

export interface ScrapeRoom {
  /** Null where no targets are configured. */
  readonly agent: Scraped | null;
  /** Targets of modules. */
  readonly probing: Probes | null;
  readonly version: string;
  readonly delay: LoopDelay;
  /** Of the config of targets, and of the modules of /probe; null without one. */
  readonly reloads: () => { readonly targets: Reloads | null; readonly modules: Reloads | null };
  /** Null where no targets are configured. */
  readonly discovery: () => DiscoveryState | null;
  readonly unknownModules: () => number;
  readonly probeThreads: () => number;
  readonly logCounts: AgentLog['counts'];
  /** Probes and journeys that callers ask for. */
  readonly asking: () => {
    readonly underWay: number;
    readonly turnedAway: number;
    readonly outcomes: ReadonlyMap<string, number>;
  };
  /** By module that repeats failed probes. */
  readonly flaps: () => ReadonlyMap<string, number>;
  readonly processMetrics: () => Promise<readonly Told[]>;
}

/** A family of the agent's own by its name, with its lines. */
type Own = [name: string, pieces: Iterable<string>];

export async function scrape(room: ScrapeRoom, format: Format): Promise<AsyncIterable<string>> {
  const own = new Map(ownSamples(room));
  const ofAgent = agentCatalogue.map((family) => ({ family, pieces: own.get(family.name) ?? [] }));
  return exposition(
    [...ofAgent, ...(await room.processMetrics()), ...ofTargets(room.agent), ...ofModules(room.probing)],
    format,
  );
}

function ofModules(probing: Probes | null): readonly Told[] {
  if (probing === null) return [];
  return probing.families().map(({ name, help }) => ({
    family: { name, help, type: 'gauge' as const },
    pieces: probing.watched().map(({ series }) => series.text(name)),
  }));
}

function ofTargets(agent: Scraped | null): readonly Told[] {
  if (agent === null) return [];
  return catalogue.map((family) => ({
    family,
    pieces: agent.followed().map(({ series }) => series.text(family.name)),
  }));
}

function ownSamples({
  agent,
  probing,
  version,
  delay,
  reloads,
  discovery,
  unknownModules,
  probeThreads,
  logCounts,
  asking,
  flaps,
}: ScrapeRoom): Own[] {
  const { targets, modules } = reloads();
  const places = discovery();
  const { told, dropped } = logCounts();
  return [
    each('outrider_log_lines_total', 'level', told),
    one('outrider_log_lines_dropped_total', dropped),
    one('outrider_build_info', 1, labelPairs({ version })),
    each('outrider_event_loop_delay_seconds', 'percentile', delay.read()),
    ...(agent === null ? [] : agentSamples(agent, probing)),
    ...askedSamples(asking()),
    ...(places === null ? [] : discoverySamples(places)),
    ...(targets === null ? [] : reloadSamples('outrider_config', targets)),
    ...(modules === null
      ? []
      : [
          one('blackbox_exporter_build_info', 1, labelPairs({ version: `outrider-${version}` })),
          ...reloadSamples('blackbox_exporter_config', modules),
          one('blackbox_module_unknown_total', unknownModules()),
          one('outrider_probe_threads', probeThreads()),
        ]),
    each('outrider_probe_flaps_total', 'module', flaps()),
  ];
}

/** Of one number. @param pairs its labels */
function one(name: string, value: number, pairs = ''): Own {
  return [name, [line(name, pairs, value)]];
}

/** Of a number for each value of a label. */
function each(name: string, label: string, numbers: Iterable<readonly [string | number, number]>): Own {
  return [name, Array.from(numbers, ([of, value]) => line(name, labelPairs({ [label]: labelValue(of) }), value))];
}

function agentSamples(agent: Scraped, probing: Probes | null): Own[] {
  const [journeys, probes] = [agent.state(), probing?.state()];
  const sum = (name: string, key: keyof typeof journeys): Own => one(name, journeys[key] + (probes?.[key] ?? 0));
  const watched = (write: (one: Watched) => string): Iterable<string> => probing?.watched().map(write) ?? [];
  const counted = (write: (counts: RunCounts, common: string) => string): Iterable<string> =>
    both(
      agent.followed().map(({ series }) => write(series.counts, series.common)),
      watched(({ counts, series }) => write(counts, series.common)),
    );
  return [
    ['journey_runs_total', counted((counts, common) => counts.runsText(common))],
    ['journey_runs_missed_total', counted((counts, common) => counts.missedText(common))],
    ['journey_attempts', agent.followed().map(({ series }) => series.attemptsText())],
    ['journey_flaps_total', counted((counts, common) => counts.flapsText(common))],
    [
      'journey_hop_window_seconds',
      agent.followed().map(({ series }) => series.windowText('journey_hop_window_seconds')),
    ],
    ['probe_duration_window_seconds', watched((probed) => windowText(probed, agent.shared))],
    ['probe_last_run_timestamp_seconds', watched(lastRunText)],
    sum('outrider_targets', 'targets'),
    sum('outrider_runs_under_way', 'underWay'),
    sum('outrider_runs_stalled', 'stalled'),
    sum('outrider_runs_waiting', 'waiting'),
    sum('outrider_run_faults_total', 'faults'),
    ['outrider_schedule_lag_seconds', [agent.lag.lines('outrider_schedule_lag_seconds', '')]],
  ];
}

function askedSamples({ underWay, turnedAway, outcomes }: ReturnType<ScrapeRoom['asking']>): Own[] {
  return [
    each('outrider_asked_journeys_total', 'outcome', outcomes),
    one('outrider_probes_under_way', underWay),
    one('outrider_probes_turned_away_total', turnedAway),
  ];
}

function* both(first: Iterable<string>, second: Iterable<string>): Iterable<string> {
  yield* first;
  yield* second;
}

function windowText({ window, series }: Watched, shared: Scraped['shared']): string {
  const name = 'probe_duration_window_seconds';
  return shared.keeps(name) ? windowLines(name, series.common, window, shared.slice()) : '';
}

function lastRunText({ lastStartMs, series }: Watched): string {
  return lastStartMs === 0 ? '' : line('probe_last_run_timestamp_seconds', series.common, lastStartMs / 1000);
}

function discoverySamples({ sources, failing, targets, leftOut, refused }: DiscoveryState): Own[] {
  return [
    one('outrider_discovery_sources', sources),
    one('outrider_discovery_sources_failing', failing),
    one('outrider_discovery_targets', targets),
    one('outrider_discovery_targets_left_out', leftOut),
    each('outrider_discovery_refusals_total', 'reason', refused),
  ];
}

function reloadSamples(prefix: string, { lastWasTaken, takenAtMs, taken, refused }: Reloads): Own[] {
  return [
    one(`${prefix}_last_reload_successful`, lastWasTaken ? 1 : 0),
    one(`${prefix}_last_reload_success_timestamp_seconds`, takenAtMs / 1000),
    ...(prefix === 'outrider_config'
      ? [each('outrider_config_reloads_total', 'outcome', Object.entries({ taken, refused }))]
      : []),
  ];
}
