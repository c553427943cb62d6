// Owns riding a journey again that failed, before it is called failed: all within the deadline of one. Keeps nothing.
import type { TargetSeries } from '../metrics/target-series.ts';
import { attempted } from '../model/attempts.ts';
import { isOutage, type Ridden, type RidingRoom, rideOnce, type Told } from './riding.ts';

/** @returns all of them, the one that counts last. Rejects as `rideOnce` does */
export async function rideConfirmed(
  ridden: Ridden,
  room: RidingRoom,
  signal: AbortSignal,
  onAnswer: () => void = () => undefined,
): Promise<readonly [...Told[], Told]> {
  const { settings, confirm } = ridden;
  if (confirm === null) return [await rideOnce(ridden, room, signal, onAnswer)];
  return attempted(
    { ...confirm, budgetMs: settings.deadlineMs },
    signal,
    (mostMs) => {
      const deadlineMs = Math.max(1, Math.floor(mostMs));
      return rideOnce({ ...ridden, settings: { ...settings, deadlineMs } }, room, signal, onAnswer);
    },
    ({ journey }) => isOutage(journey.verdict),
  );
}

/** The last of them counts; a flap does not vanish for that. */
export function tellRides(
  series: TargetSeries,
  rides: readonly [...Told[], Told],
  { confirm }: Pick<Ridden, 'confirm'>,
): void {
  const last = rides.at(-1) ?? rides[0];
  for (const { journey, samples } of rides.slice(0, -1)) series.repeated(journey, samples);
  series.ended(last.journey, last.samples);
  if (confirm !== null) series.confirmed(rides.length, isFlap(rides));
}

/** The first failed, and the last did not. */
export function isFlap(rides: readonly Told[]): boolean {
  const last = rides.at(-1);
  return rides.length > 1 && last !== undefined && !isOutage(last.journey.verdict);
}
