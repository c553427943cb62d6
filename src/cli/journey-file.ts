// Owns reading a journey file or standard input, with a bound.
import { text } from 'node:stream/consumers';
import { readText } from './judging.ts';

/** A journey of 64 endpoints and 100,000 samples stays below this. Bytes. */
const MAX_JOURNEY_BYTES = 268_435_456;

/** @param file a path, or `-` for standard input */
export async function readJourneyText(file: string): Promise<string> {
  return file === '-' ? text(process.stdin) : readText(file, 'journey', MAX_JOURNEY_BYTES);
}
