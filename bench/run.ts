// Owns `npm run bench`: prints every comparison as a ratio. Asserts nothing; ends with 1 only when it cannot measure.
import { certs } from './certs.ts';
import { clock } from './clock.ts';
import { decoder } from './decoder.ts';
import { delegation } from './delegation.ts';
import { memory, wallTime } from './journey.ts';
import { format, type Line } from './measure.ts';
import { inPlace, type Place } from './place.ts';
import { sampling } from './sampling.ts';
import { startup } from './startup.ts';
import { stubClient } from './stub-client.ts';

const benches: readonly ((place: Place) => AsyncGenerator<Line>)[] = [
  startup,
  wallTime,
  memory,
  decoder,
  sampling,
  clock,
  delegation,
  stubClient,
  certs,
];

try {
  await inPlace(async (place) => {
    for (const bench of benches) for await (const line of bench(place)) console.log(format(line));
  });
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
}
