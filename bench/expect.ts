// Owns `npm run bench:expect`: how often what was learned of a world that does not change is found to have changed, with real rides, the
// world in another process, times included. node bench/expect.ts [--rides 50]. Prints each drift; asserts nothing.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Journey } from '../src/model/journey.ts';
import { time } from './measure.ts';
import { inPlace } from './place.ts';

const { values } = parseArgs({ options: { rides: { type: 'string', default: '50' } } });
const RIDES = Number(values.rides);

try {
  await inPlace(async ({ probe, healthy, rideArgs, folder }) => {
    const file = join(folder, 'kms.yaml');
    const args = [...rideArgs(healthy), '-n', '20', '--rate', '20', '--skip', 'path', '--no-progress'];
    await time([...probe, 'learn', ...args, '-o', file]);
    let clean = 0;
    for (let ride = 0; ride < RIDES; ride++) {
      const ridden = [...probe, ...args, '--expect', file, '-f', 'json', '--fail-on', 'never'];
      const { stdout } = await time(ridden, { codes: [0, 3] });
      const { findings, checks } = JSON.parse(stdout) as Journey;
      const drifts = findings.filter(({ id }) => id.endsWith('-drift'));
      const blind = checks.filter(({ id, outcome }) => id.endsWith('-drift') && outcome === 'not-judged');
      if (drifts.length + blind.length === 0) clean += 1;
      for (const { id, zone, what } of drifts) console.log(`ride ${ride + 1}: ${id} ${zone ?? ''}: ${what}`);
      for (const { id, because } of blind) console.log(`ride ${ride + 1}: ${id} not judged: ${because ?? ''}`);
    }
    console.log(`unchanged rides without drift: ${clean} of ${RIDES}   target: all`);
  });
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
}
