// Owns reading a journey file or standard input, with a bound.
import { readText } from './input-file.ts';
import type { Io } from './io.ts';

/** A journey of 64 endpoints and 100,000 samples stays below this. Bytes. */
const MAX_JOURNEY_BYTES = 268_435_456;

/** @param file a path, or `-` for standard input */
export function readJourneyText(file: string, io: Io): Promise<string> {
  return file === '-' ? io.standardInput(MAX_JOURNEY_BYTES) : readText(file, 'journey', MAX_JOURNEY_BYTES);
}
