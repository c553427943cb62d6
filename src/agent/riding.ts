// Owns one journey of the agent: ridden, judged, its samples taken. Keeps nothing.
import type { Confirm } from '../config/agent/confirm.ts';
import type { AnyProbe, MetricSample } from '../contract/probe.ts';
import type { Contract } from '../expect/expected.ts';
import { judge, type Policy } from '../journey/judge.ts';
import { observe, type Vantage } from '../journey/observe.ts';
import type { RideSettings } from '../journey/settings.ts';
import { type Journey, type Verdict, verdicts } from '../model/journey.ts';
import type { Pace } from './spread.ts';

/** A target as it is ridden. */
export interface Ridden extends Pace {
  readonly labels: Readonly<Record<string, string>>;
  /** Null: a journey that failed is not repeated. */
  readonly confirm: Confirm | null;
  /** Its deadline lies within the interval. */
  readonly settings: RideSettings;
  readonly policy: Policy;
  readonly expectations?: Contract;
}

export interface RidingRoom {
  readonly probes: readonly AnyProbe[];
  readonly version: string;
  readonly quote: (argv: readonly string[]) => string;
  readonly newId: () => string;
  readonly wallClockMs: () => number;
  readonly vantage: () => Vantage;
  /** What the probes tell of a journey. */
  readonly samplesOf: (journey: Journey) => Promise<readonly MetricSample[]>;
}

export interface Told {
  readonly journey: Journey;
  readonly samples: readonly MetricSample[];
}

/** A warning is no outage. */
export function isOutage(verdict: Verdict): boolean {
  return verdicts.indexOf(verdict) >= verdicts.indexOf('critical');
}

/**
 * Rejects for faults of the program, and for settings that cannot be used on this machine.
 * @param onAnswer told of every sample that went well
 */
export async function rideOnce(
  { settings, policy, expectations }: Ridden,
  room: RidingRoom,
  signal: AbortSignal,
  onAnswer: () => void = () => undefined,
): Promise<Told> {
  const { probes, version, quote } = room;
  const startedAtMs = room.wallClockMs();
  let answers = 0;
  const observation = await observe(settings, probes, {
    ...{ id: room.newId(), startedAtMs, vantage: room.vantage(), signal },
    onProgress: ({ done, failed }) => {
      if (done - failed <= answers) return;
      answers = done - failed;
      onAnswer();
    },
  });
  const journey = await judge(observation, probes, {
    ...{ policy, asOfMs: startedAtMs, version, quote },
    ...(expectations === undefined ? {} : { expectations }),
  });
  return { journey, samples: await room.samplesOf(journey) };
}
