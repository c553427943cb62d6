// Owns mergeable sketches of latencies over a sliding window, so small that an agent keeps hundreds of thousands: logarithmic buckets (Masson, Rim, Lee,
// DDSketch, VLDB 2019), counted by slices of time, all of it packed into one string of bytes. Imports nothing, and knows no clock.

/** A quantile is this part of its value off at most, between the least and the most that are told apart. */
export const RELATIVE_ERROR = 0.03;
/** Seconds: the shortest that is told apart. What is shorter counts as this. */
export const LEAST_SECONDS = 20e-6;
/** Slices of a window: what is told reaches back by at least the window, and by a slice more at most. */
export const SLICES = 6;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
const BUCKETS = 256;
/** Seconds: the longest that is told apart, a minute and a half; what is longer counts as this. */
export const MOST_SECONDS = LEAST_SECONDS * GAMMA ** (BUCKETS - 2);
const MOST_COUNT = 255;
const NUMBERS = 65_536;
/** Of a call. */
const MOST_ARGUMENTS = 8192;

/**
 * Two characters that number the newest slice, then of each slice, the newest first: how many slices it is older than that, how many pairs
 * follow, and pairs of bucket and count. A bucket of more than 255 has several pairs.
 */
export type WindowSketch = string;
export const EMPTY: WindowSketch = '';

export function bucketOf(seconds: number): number {
  if (!(seconds > LEAST_SECONDS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(seconds / LEAST_SECONDS) / LOG_GAMMA));
}

/** The value that is nowhere in its bucket further off than the bound, of the value. */
export function secondsOf(bucket: number): number {
  return bucket === 0 ? LEAST_SECONDS : (LEAST_SECONDS * 2 * GAMMA ** bucket) / (GAMMA + 1);
}

/** With more samples, of this slice of time. @param slice counts up from anywhere */
export function withSamples(sketch: WindowSketch, slice: number, seconds: readonly number[]): WindowSketch {
  if (seconds.length === 0) return sketch;
  const counts = new Uint32Array(BUCKETS);
  for (const one of seconds) {
    const bucket = bucketOf(one);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const older: number[] = [];
  eachSlice(sketch, slice, (age, from, to) => {
    if (age === 0) addPairs(sketch, from, to, counts);
    else if (age <= SLICES) {
      older.push(age);
      for (let at = from - 1; at < to; at++) older.push(sketch.charCodeAt(at));
    }
  });
  const number = slice % NUMBERS;
  return written([number >> 8, number & 0xff, ...packed(counts), ...older]);
}

/** In one piece: parts of strings that are joined keep the strings alive that they were cut from. */
function written(bytes: readonly number[]): WindowSketch {
  let text = '';
  for (let at = 0; at < bytes.length; at += MOST_ARGUMENTS)
    text += String.fromCharCode(...bytes.slice(at, at + MOST_ARGUMENTS));
  return text;
}

/** Samples of the window by bucket, as of this slice; added to `counts`, so that windows of many can be merged. @returns how many */
export function addWindow(sketch: WindowSketch, slice: number, counts: Uint32Array): number {
  let all = 0;
  eachSlice(sketch, slice, (age, from, to) => {
    if (age <= SLICES) all += addPairs(sketch, from, to, counts);
  });
  return all;
}

export function emptyCounts(): Uint32Array {
  return new Uint32Array(BUCKETS);
}

/** Nearest rank, as seconds. @param all samples that are counted, at least one */
export function quantileOf(counts: Uint32Array, all: number, q: number): number {
  const rank = Math.max(1, Math.ceil(q * all));
  let below = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    below += counts[bucket] ?? 0;
    if (below >= rank) return secondsOf(bucket);
  }
  return secondsOf(BUCKETS - 1);
}

/** @param visit gets the slice's age as of `slice`, and where its pairs begin and end */
function eachSlice(sketch: WindowSketch, slice: number, visit: (age: number, from: number, to: number) => void): void {
  if (sketch === EMPTY) return;
  const newest = (sketch.charCodeAt(0) << 8) | sketch.charCodeAt(1);
  const since = (slice - newest + 2 * NUMBERS) % NUMBERS;
  // A clock that was set back by a slice: what seems to come is of now.
  const sinceNewest = since > NUMBERS / 2 ? 0 : since;
  for (let at = 2; at < sketch.length; ) {
    const from = at + 2;
    const to = from + 2 * sketch.charCodeAt(at + 1);
    visit(sinceNewest + sketch.charCodeAt(at), from, to);
    at = to;
  }
}

function addPairs(sketch: WindowSketch, from: number, to: number, counts: Uint32Array): number {
  let all = 0;
  for (let at = from; at < to; at += 2) {
    const [bucket, count] = [sketch.charCodeAt(at), sketch.charCodeAt(at + 1)];
    counts[bucket] = (counts[bucket] ?? 0) + count;
    all += count;
  }
  return all;
}

/** A slice of age 0; one that needs more pairs than a byte counts is several. */
function packed(counts: Uint32Array): readonly number[] {
  const pairs: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++)
    for (let left = counts[bucket] ?? 0; left > 0; left -= MOST_COUNT) pairs.push(bucket, Math.min(left, MOST_COUNT));
  const bytes: number[] = [];
  for (let at = 0; at < pairs.length; at += 2 * MOST_COUNT) {
    const part = pairs.slice(at, at + 2 * MOST_COUNT);
    bytes.push(0, part.length / 2, ...part);
  }
  return bytes;
}
