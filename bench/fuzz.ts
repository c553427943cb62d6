// Owns the fuzzing of the DNS decoder at length: `node bench/fuzz.ts [MUTANTS] [SEED]`. Ends with 1 for anything but a reading or a refusal.

import { decodeMessage } from '../src/net/dns/message.ts';
import { MalformedMessage } from '../src/net/dns/names.ts';
import { type Change, corpus, mutate } from '../src/net/dns/test/corpus.ts';
import { randomFrom } from './random.ts';

const mutants = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const kinds = ['flip', 'cut', 'insert', 'point'] as const;

const random = randomFrom(seed);
const change = (): Change => ({
  at: random(random(20) === 0 ? 65_535 : 800),
  // Cuts end a mutant's life, so that they are rarer.
  kind: random(20) === 0 ? 'cut' : (kinds[random(4) || 2] ?? 'flip'),
  octets: Uint8Array.from({ length: 1 + random(8) }, () => random(256)),
});

/** Messages as large as TCP allows: thousands of pointers, of keys in one record, of strings. One mutant in 500 begins with these. */
function large(): readonly Buffer[] {
  const head = Buffer.from('0007800000010000000000000000010001', 'hex');
  const filled = (count: number, records: readonly Buffer[]): Buffer => {
    const bytes = Buffer.concat([head, ...records]).subarray(0, 65_535);
    bytes.writeUInt16BE(count, 6);
    return bytes;
  };
  const record = (type: number, data: Buffer): Buffer => {
    const fixed = Buffer.alloc(11);
    fixed.writeUInt16BE(type, 1);
    fixed.writeUInt16BE(1, 3);
    fixed.writeUInt16BE(data.length, 9);
    return Buffer.concat([fixed, data]);
  };
  const keys = Buffer.alloc(3 + 15_000 * 4);
  keys.writeUInt16BE(1, 0);
  for (let key = 0; key < 15_000; key++) keys.writeUInt16BE(key + 7, 3 + key * 4);
  const links = Buffer.alloc(16_000);
  for (let at = 2; at < links.length; at += 2) links.writeUInt16BE(0xc000 + 28 + at - 2, at);
  const alias = record(5, Buffer.from([0xfe, 0x9c]));
  return [
    filled(4_000, Array<Buffer>(4_000).fill(record(5, Buffer.from([0xc0, 0x0c])))),
    filled(3_000, [record(10, links), ...Array<Buffer>(2_999).fill(alias)]),
    filled(1, [record(65, keys)]),
    filled(1, [record(16, Buffer.alloc(60_000))]),
    filled(500, Array<Buffer>(500).fill(record(257, Buffer.from(`\0\u0005issue${'\u0001'.repeat(100)}`, 'latin1')))),
  ];
}
const largest = large();

const seen = { read: 0, refused: 0, partly: 0, records: 0, slowestMs: 0, slowestBytes: 0 };
const startMs = performance.now();
for (let count = 0; count < mutants; count++) {
  const seeds = random(500) === 0 ? largest : corpus;
  let bytes = seeds[random(seeds.length)] ?? Buffer.alloc(0);
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
    // A busy machine is not the decoder's fault: the same bytes again, and the fastest counts.
    const againMs = Math.min(tookMs, timed(bytes), timed(bytes), timed(bytes));
    if (againMs > seen.slowestMs) Object.assign(seen, { slowestMs: againMs, slowestBytes: bytes.length });
  }
}

function timed(bytes: Buffer): number {
  const fromMs = performance.now();
  try {
    decodeMessage(bytes);
  } catch {
    // Counted above.
  }
  return performance.now() - fromMs;
}

const seconds = (performance.now() - startMs) / 1000;
console.log(
  `${mutants} mutants in ${seconds.toFixed(1)} s: ${seen.read} read (${seen.partly} with records lost), ${seen.refused} refused; ` +
    `slowest ${seen.slowestMs.toFixed(2)} ms (${seen.slowestBytes} bytes), most records ${seen.records}`,
);
