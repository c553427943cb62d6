// Owns the list of every metric family that `probe serve` gives beside those of its journeys. The README's table says the same (a test).
import { type Family, family } from './catalogue.ts';

export const agentCatalogue: readonly Family[] = [
  family(
    'journey_runs_total',
    'counter',
    'Journeys and probes by modules that ended, since the agent began; a failed probe is critical.',
    'target',
    'verdict',
  ),
  family(
    'journey_runs_missed_total',
    'counter',
    'Turns without a journey: the one before was still under way (under_way), no other had ended in time (no_room), the agent was late (late).',
    'target',
    'reason',
  ),
  family(
    'probe_last_run_timestamp_seconds',
    'gauge',
    'When the last probe by the module began, Unix time.',
    'target',
    'module',
  ),
  family(
    'journey_attempts',
    'gauge',
    'Journeys that the last verdict took, where failed ones are repeated (confirm).',
    'target',
  ),
  family(
    'journey_flaps_total',
    'counter',
    'Failed journeys, and probes by modules, that a repeated one did not confirm.',
    'target',
  ),
  family('outrider_build_info', 'gauge', 'Always 1; which version runs.', 'version'),
  family('outrider_targets', 'gauge', 'Targets of the config.'),
  family('outrider_discovery_sources', 'gauge', 'Files and URLs that name targets.'),
  family(
    'outrider_discovery_sources_failing',
    'gauge',
    'Of those, how many could not be read, or were wrong, the last time; what they named before is kept.',
  ),
  family('outrider_runs_under_way', 'gauge', 'Journeys and probes under way.'),
  family(
    'outrider_runs_stalled',
    'gauge',
    'Of those, how many have had no answer for a second: they hold none of the places that concurrency bounds.',
  ),
  family(
    'outrider_runs_waiting',
    'gauge',
    'Journeys and probes whose turn has come, and that wait for one under way to end.',
  ),
  family(
    'outrider_run_faults_total',
    'counter',
    'Journeys and probes that a fault of this program ended; the log says which.',
  ),
  family('outrider_schedule_lag_seconds', 'histogram', 'How long after its turn a journey or a probe began.'),
  family(
    'outrider_event_loop_delay_seconds',
    'gauge',
    'How late the event loop was, percentile over the last half to whole minute.',
    'percentile',
  ),
  family('outrider_log_lines_total', 'counter', 'Lines of the log.', 'level'),
  family(
    'outrider_log_lines_dropped_total',
    'counter',
    'Of those, how many nobody got: whoever reads was too slow, had gone, or the disk was full.',
  ),
  family(
    'outrider_asked_journeys_total',
    'counter',
    'Requests for a journey by POST /journeys: it ended (ridden), could not be ridden (failed), its body or target was not taken (refused), the caller was not known (turned_away), too many were under way (no_room).',
    'outcome',
  ),
  family('outrider_probes_under_way', 'gauge', 'Probes and journeys under way for callers of /probe and /journeys.'),
  family(
    'outrider_probes_turned_away_total',
    'counter',
    'Requests to /probe and /journeys that were turned away because their client had as many under way as it may.',
  ),
  family('outrider_config_reloads_total', 'counter', 'Times that the config was read again.', 'outcome'),
  family(
    'outrider_config_last_reload_successful',
    'gauge',
    '1 when the config of targets was taken the last time that it was read.',
  ),
  family(
    'outrider_config_last_reload_success_timestamp_seconds',
    'gauge',
    'When the config of targets was taken, Unix time.',
  ),
  family('blackbox_exporter_build_info', 'gauge', 'Always 1; which version answers in its place.', 'version'),
  family('blackbox_exporter_config_last_reload_successful', 'gauge', 'Blackbox exporter config loaded successfully.'),
  family(
    'blackbox_exporter_config_last_reload_success_timestamp_seconds',
    'gauge',
    'Timestamp of the last successful configuration reload.',
  ),
  family('blackbox_module_unknown_total', 'counter', 'Count of unknown modules requested by probes'),
  family(
    'outrider_probe_flaps_total',
    'counter',
    'Probes of /probe whose first attempt failed and a later one did not, where the module repeats failed ones.',
    'module',
  ),
];
