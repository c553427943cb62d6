// Owns `/probe?module=journey&target=`: one whole journey as metrics, to a target of the config, or to one that the caller names.
// Never sends what the config holds to a target of the caller's, and goes to no address that the policy denies.

import { probeTimeout } from '../blackbox/timeout.ts';
import { catalogue } from '../metrics/catalogue.ts';
import { exposition, type Format, line, MEDIA_TYPES, type Told } from '../metrics/exposition.ts';
import { TargetSeries } from '../metrics/target-series.ts';
import { shownTarget } from '../model/target.ts';
import { UsageError } from '../model/usage-error.ts';
import { rideConfirmed, tellRides } from './confirming.ts';
import { plain } from './plain-reply.ts';
import { isOutage, type Ridden, type RidingRoom, type Told as Rode } from './riding.ts';
import type { Asked, Reply } from './server.ts';
import { type Strangers, strangerOf } from './strangers.ts';

export interface JourneyModule {
  /** A target of the config by its name. */
  readonly configured: (name: string) => Ridden | undefined;
  readonly strangers: Strangers;
  readonly riding: RidingRoom;
  readonly timeoutOffsetSeconds: number;
}

/** Whole journeys under way at once for callers; more are told to come later. */
const MOST_UNDER_WAY = 16;

const refusal = (status: number, words: string): Reply => plain(status, `${words}\n`);

/** @returns answers requests for the module */
export function openJourneyModule(module: JourneyModule): (asked: Asked, format: Format) => Promise<Reply> {
  let underWay = 0;
  return async (asked, format) => {
    const target = asked.query.get('target') ?? '';
    if (target === '') return refusal(400, 'Target parameter is missing');
    const scrapeTimeout = asked.headers['x-prometheus-scrape-timeout-seconds']?.toString();
    const seconds = probeTimeout(scrapeTimeout, 0, module.timeoutOffsetSeconds);
    if (seconds === null) return refusal(500, 'X-Prometheus-Scrape-Timeout-Seconds is no number');
    if (underWay >= MOST_UNDER_WAY) return refusal(503, `${MOST_UNDER_WAY} journeys are under way already`);
    underWay++;
    try {
      const ridden = module.configured(target) ?? (await strangerOf(target, {}, module.strangers, asked.signal));
      return await told(target, withDeadline(ridden, seconds * 1000), module, asked.signal, format);
    } catch (error) {
      if (error instanceof UsageError) return refusal(400, error.message);
      throw error;
    } finally {
      underWay--;
    }
  };
}

function withDeadline(ridden: Ridden, ms: number): Ridden {
  const deadlineMs = Math.max(1, Math.min(ridden.settings.deadlineMs, Math.floor(ms)));
  return { ...ridden, settings: { ...ridden.settings, deadlineMs } };
}

async function told(
  target: string,
  ridden: Ridden,
  { riding }: JourneyModule,
  signal: AbortSignal,
  format: Format,
): Promise<Reply> {
  const rides = await rideConfirmed(ridden, riding, signal);
  const { journey } = rides.at(-1) ?? rides[0];
  const series = new TargetSeries(shownTarget(target), ridden.labels);
  tellRides(series, rides, ridden);
  const [success, took] = ['probe_success', 'probe_duration_seconds'];
  const own: readonly Told[] = [
    {
      family: { name: success, type: 'gauge', help: 'Displays whether or not the probe was a success' },
      pieces: [line(success, '', isOutage(journey.verdict) ? 0 : 1)],
    },
    {
      family: { name: took, type: 'gauge', help: 'Returns how long the probe took to complete in seconds' },
      pieces: [line(took, '', journey.durationMs / 1000)],
    },
  ];
  const all = [
    ...own,
    ...(ridden.confirm === null ? [] : attempted(rides)),
    ...catalogue.map((family) => ({ family, pieces: [series.text(family.name)] })),
  ];
  return { status: 200, contentType: MEDIA_TYPES[format], body: exposition(all, format) };
}

function attempted(rides: readonly [...Rode[], Rode]): readonly Told[] {
  const [attempts, failed] = ['probe_attempts', 'probe_first_attempt_failed'];
  return [
    {
      family: {
        name: attempts,
        type: 'gauge',
        help: 'Journeys that were ridden; the other families are those of the last',
      },
      pieces: [line(attempts, '', rides.length)],
    },
    {
      family: { name: failed, type: 'gauge', help: 'Whether the first journey failed, whatever became of the others' },
      pieces: [line(failed, '', isOutage(rides[0].journey.verdict) ? 1 : 0)],
    },
  ];
}
