// Owns the fuzzing of the DNS decoder at length: `node bench/fuzz.ts [MUTANTS] [SEED]`. Ends with 1 for anything but a reading or a refusal.

import { decodeMessage } from '../src/net/dns/message.ts';
import { MalformedMessage } from '../src/net/dns/names.ts';
import { type Change, corpus, mutate } from '../src/net/dns/test/corpus.ts';

const mutants = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const kinds = ['flip', 'cut', 'insert', 'point'] as const;

/** mulberry32: the same seed gives the same mutants. */
function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const random = randomFrom(seed);
const change = (): Change => ({
  at: random(800),
  // Cuts end a mutant's life, so that they are rarer.
  kind: random(20) === 0 ? 'cut' : (kinds[random(4) || 2] ?? 'flip'),
  octets: Uint8Array.from({ length: 1 + random(8) }, () => random(256)),
});

const seen = { read: 0, refused: 0, partly: 0, records: 0, slowestMs: 0, slowestBytes: 0 };
const startMs = performance.now();
for (let count = 0; count < mutants; count++) {
  let bytes = corpus[random(corpus.length)] ?? Buffer.alloc(0);
  for (let changes = 1 + random(4); changes > 0; changes--) bytes = mutate(bytes, change());
  const beforeMs = performance.now();
  try {
    const { answers, authorities, additionals, unreadableRecords } = decodeMessage(bytes);
    seen.read += 1;
    if (unreadableRecords > 0) seen.partly += 1;
    seen.records = Math.max(seen.records, answers.length + authorities.length + additionals.length);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) {
      console.error(`bench: mutant ${count} of seed ${seed} threw ${String(error)}: ${bytes.toString('hex')}`);
      process.exit(1);
    }
    seen.refused += 1;
  }
  const tookMs = performance.now() - beforeMs;
  if (tookMs > seen.slowestMs) {
    seen.slowestMs = tookMs;
    seen.slowestBytes = bytes.length;
  }
}
const seconds = (performance.now() - startMs) / 1000;
console.log(
  `${mutants} mutants in ${seconds.toFixed(1)} s: ${seen.read} read (${seen.partly} with records lost), ${seen.refused} refused; ` +
    `slowest ${seen.slowestMs.toFixed(2)} ms (${seen.slowestBytes} bytes), most records ${seen.records}`,
);
