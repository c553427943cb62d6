// Owns what a scrape of /metrics gets: the targets' written-down series, the agent's own, the process'. Writes no series of a journey itself.
import { agentCatalogue } from '../metrics/agent-catalogue.ts';
import { catalogue } from '../metrics/catalogue.ts';
import { exposition, type Format, labelPairs, line, type Told } from '../metrics/exposition.ts';
import { labelValue } from '../metrics/labels.ts';
import type { Agent } from './agent.ts';
import type { DiscoveryState } from './discovery.ts';
import type { AgentLog } from './log/agent-log.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { Reloads } from './reloads.ts';

/** What a scrape asks of an agent. */
type Scraped = Pick<Agent, 'followed' | 'state' | 'lag'>;

export interface ScrapeRoom {
  /** Null where no targets are configured. */
  readonly agent: Scraped | null;
  readonly version: string;
  readonly delay: LoopDelay;
  /** Of the config of targets, and of the modules of /probe; null without one. */
  readonly reloads: () => { readonly targets: Reloads | null; readonly modules: Reloads | null };
  /** Null where no targets are configured. */
  readonly discovery: () => DiscoveryState | null;
  readonly unknownModules: () => number;
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

export async function scrape(room: ScrapeRoom, format: Format): Promise<AsyncIterable<string>> {
  const own = new Map(ownSamples(room));
  const ofAgent = agentCatalogue.map((family) => ({ family, pieces: own.get(family.name) ?? [] }));
  return exposition([...ofAgent, ...(await room.processMetrics()), ...ofTargets(room.agent)], format);
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
  version,
  delay,
  reloads,
  discovery,
  unknownModules,
  logCounts,
  asking,
  flaps,
}: ScrapeRoom): [string, Iterable<string>][] {
  const { targets, modules } = reloads();
  const places = discovery();
  const one = (name: string, value: number, pairs = ''): [string, Iterable<string>] => [
    name,
    [line(name, pairs, value)],
  ];
  const delays = [...delay.read()].map(([percentile, seconds]) =>
    line('outrider_event_loop_delay_seconds', labelPairs({ percentile: String(percentile) }), seconds),
  );
  const { told, dropped } = logCounts();
  const lines = [...told].map(([level, count]) => line('outrider_log_lines_total', labelPairs({ level }), count));
  return [
    ['outrider_log_lines_total', lines],
    one('outrider_log_lines_dropped_total', dropped),
    one('outrider_build_info', 1, labelPairs({ version })),
    ['outrider_event_loop_delay_seconds', delays],
    ...(agent === null ? [] : agentSamples(agent)),
    ...askedSamples(asking()),
    ...(places === null
      ? []
      : [one('outrider_discovery_sources', places.sources), one('outrider_discovery_sources_failing', places.failing)]),
    ...(targets === null ? [] : reloadSamples('outrider_config', targets)),
    ...(modules === null
      ? []
      : [
          ...reloadSamples('blackbox_exporter_config', modules),
          one('blackbox_module_unknown_total', unknownModules()),
          flapSamples(flaps()),
        ]),
  ];
}

function flapSamples(flaps: ReadonlyMap<string, number>): [string, Iterable<string>] {
  const name = 'outrider_probe_flaps_total';
  return [name, [...flaps].map(([module, count]) => line(name, labelPairs({ module: labelValue(module) }), count))];
}

function agentSamples(agent: Scraped): [string, Iterable<string>][] {
  const { targets, underWay, stalled, waiting, faults } = agent.state();
  const one = (name: string, value: number): [string, Iterable<string>] => [name, [line(name, '', value)]];
  return [
    ['journey_runs_total', agent.followed().map(({ series }) => series.runsText())],
    ['journey_runs_missed_total', agent.followed().map(({ series }) => series.missedText())],
    one('outrider_targets', targets),
    one('outrider_runs_under_way', underWay),
    one('outrider_runs_stalled', stalled),
    one('outrider_runs_waiting', waiting),
    one('outrider_run_faults_total', faults),
    ['outrider_schedule_lag_seconds', [agent.lag.lines('outrider_schedule_lag_seconds', '')]],
  ];
}

function askedSamples({
  underWay,
  turnedAway,
  outcomes,
}: ReturnType<ScrapeRoom['asking']>): [string, Iterable<string>][] {
  const asked = [...outcomes].map(([outcome, count]) =>
    line('outrider_asked_journeys_total', labelPairs({ outcome }), count),
  );
  return [
    ['outrider_asked_journeys_total', asked],
    ['outrider_probes_under_way', [line('outrider_probes_under_way', '', underWay)]],
    ['outrider_probes_turned_away_total', [line('outrider_probes_turned_away_total', '', turnedAway)]],
  ];
}

function reloadSamples(
  prefix: string,
  { lastWasTaken, takenAtMs, taken, refused }: Reloads,
): [string, Iterable<string>][] {
  const counts = Object.entries({ taken, refused }).map(([outcome, count]) =>
    line('outrider_config_reloads_total', labelPairs({ outcome }), count),
  );
  return [
    [`${prefix}_last_reload_successful`, [line(`${prefix}_last_reload_successful`, '', lastWasTaken ? 1 : 0)]],
    [
      `${prefix}_last_reload_success_timestamp_seconds`,
      [line(`${prefix}_last_reload_success_timestamp_seconds`, '', takenAtMs / 1000)],
    ],
    ...(prefix === 'outrider_config' ? ([['outrider_config_reloads_total', counts]] as [string, string[]][]) : []),
  ];
}
