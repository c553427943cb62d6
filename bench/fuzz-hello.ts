// Owns the fuzzing of the reader of TLS answers at length: `node bench/fuzz-hello.ts [MUTANTS] [SEED]`. Ends with 1 for anything but an
// answer, the beginning of one, or a refusal.

import { flightReader } from '../src/net/hello/flight.ts';
import { MalformedFlight } from '../src/net/hello/octets.ts';
import { corpus, type Damage, mutate, record } from '../src/net/hello/test/corpus.ts';
import { randomFrom } from './random.ts';

const mutants = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const kinds = ['flip', 'cut', 'insert', 'length'] as const;

const random = randomFrom(seed);
const damage = (): Damage => ({
  at: random(random(20) === 0 ? 65_535 : 300),
  // Cuts end a mutant's life, so that they are rarer.
  kind: random(20) === 0 ? 'cut' : (kinds[random(4) || 3] ?? 'flip'),
  octets: Uint8Array.from({ length: 1 + random(8) }, () => random(256)),
});

/** Answers as long as they may be: records of one byte, of none, and a message that fills them. One mutant in 2,000 begins with these. */
const largest: readonly Buffer[] = [
  Buffer.concat(Array.from({ length: 5_000 }, () => record(22, Buffer.of(2)))),
  Buffer.concat(Array.from({ length: 5_000 }, () => record(22, Buffer.alloc(0)))),
  Buffer.concat([
    record(22, Buffer.from([2, 3, 0xff, 0xff])),
    ...Array.from({ length: 17 }, () => record(22, Buffer.alloc(16_000, 3))),
  ]),
];

/** Fed in pieces of a size; true when a choice came. @throws MalformedFlight */
function read(bytes: Buffer, piece: number): boolean {
  const reader = flightReader();
  for (let at = 0; at < bytes.length; at += piece) if (reader.push(bytes.subarray(at, at + piece))) break;
  return reader.reply()?.kind === 'chosen';
}

const seen = { chosen: 0, other: 0, malformed: 0, slowestMs: 0, slowestBytes: 0 };
const startMs = performance.now();
for (let count = 0; count < mutants; count++) {
  const isLarge = random(2_000) === 0;
  const seeds = isLarge ? largest : corpus;
  let bytes = seeds[random(seeds.length)] ?? Buffer.alloc(0);
  for (let damages = 1 + random(4); damages > 0; damages--) bytes = mutate(bytes, damage());
  const piece = 1 + random(isLarge ? 20_000 : 2_000);
  const beforeMs = performance.now();
  try {
    if (read(bytes, piece)) seen.chosen += 1;
    else seen.other += 1;
  } catch (error) {
    if (!(error instanceof MalformedFlight)) {
      console.error(`bench: mutant ${count} of seed ${seed} threw ${String(error)}: ${bytes.toString('hex')}`);
      process.exit(1);
    }
    seen.malformed += 1;
  }
  const tookMs = performance.now() - beforeMs;
  if (tookMs > seen.slowestMs) {
    // A busy machine is not the reader's fault: the same bytes again, and the fastest counts.
    const againMs = Math.min(tookMs, timed(bytes, piece), timed(bytes, piece));
    if (againMs > seen.slowestMs) Object.assign(seen, { slowestMs: againMs, slowestBytes: bytes.length });
  }
}

function timed(bytes: Buffer, piece: number): number {
  const fromMs = performance.now();
  try {
    read(bytes, piece);
  } catch {
    // Counted above.
  }
  return performance.now() - fromMs;
}

const seconds = (performance.now() - startMs) / 1000;
console.log(
  `${mutants} mutants in ${seconds.toFixed(1)} s: ${seen.chosen} with a choice, ${seen.other} without, ${seen.malformed} refused; ` +
    `slowest ${seen.slowestMs.toFixed(2)} ms (${seen.slowestBytes} bytes)`,
);
