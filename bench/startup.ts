// Owns the time to start: what a person or a cron job waits before anything happens.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Line, pairs, time } from './measure.ts';
import type { Place } from './place.ts';

const PAIRS = 15;

export async function* startup({ probe, folder, demo, rideArgs }: Place): AsyncGenerator<Line> {
  const nothing = async (): Promise<number> => (await time([process.execPath, '-e', '0'])).wallMs;
  const version = async (): Promise<number> => (await time([...probe, '--version'])).wallMs;
  const against = 'node -e 0';
  yield { name: 'probe --version', ...(await pairs(PAIRS, version, nothing)), unit: 'ms', against, target: '2x' };

  const journey = join(folder, 'journey.json');
  const quick = [...rideArgs(demo), '-n', '20', '--rate', '100', '--format', 'json', '--fail-on', 'never'];
  await writeFile(journey, (await time([...probe, ...quick])).stdout);
  const report = async (): Promise<number> => (await time([...probe, 'report', journey, '--fail-on', 'never'])).wallMs;
  yield {
    name: 'probe report journey.json',
    ...(await pairs(PAIRS, report, nothing)),
    unit: 'ms',
    against,
    target: 'none',
  };
}
