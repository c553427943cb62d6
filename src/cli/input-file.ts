// Owns reading the files that options name, each with a bound. Never interprets what they hold.
import { createReadStream } from 'node:fs';
import { UsageError } from '../model/usage-error.ts';
import { bounded } from './io.ts';
import { systemWords } from './system-words.ts';

/** Reads a text file with a bound. @throws UsageError that names the option and the file */
export async function readText(path: string, option: string, maxBytes: number): Promise<string> {
  return (await readBytes(path, option, maxBytes)).toString('utf8');
}

/** Reads a file with a bound, which holds for endless ones too. @throws UsageError that names the option and the file */
export async function readBytes(path: string, option: string, maxBytes: number): Promise<Buffer> {
  try {
    return await bounded(createReadStream(path), maxBytes, `${option}: ${path}`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${option}: cannot read ${path}: ${systemWords(error)}`);
  }
}
