// Owns the file that a report goes to: opened before anything is sent, filled once, taken away again if we made it for nothing.
import { randomUUID } from 'node:crypto';
import { type FileHandle, lstat, open, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { UsageError } from '../model/usage-error.ts';
import type { Io } from './io.ts';
import { systemWords, writeError } from './system-words.ts';

export interface ReportFile {
  /** Replaces what the file held. @throws WriteError */
  write(text: string): Promise<void>;
  /** For a report that will not come: an older report stays as it was, a file that we made goes. Harmless after `write`. */
  discard(): Promise<void>;
}

/** Names of our own standard output. It is written as such: a socket cannot be opened by these names. */
const STANDARD_OUTPUT = new Set(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

/** @throws UsageError for a path that cannot be written */
export async function openReportFile(path: string, io: Io, option = '--output'): Promise<ReportFile> {
  if (STANDARD_OUTPUT.has(path)) return { write: (text) => io.out(text), discard: async () => undefined };
  try {
    const { file, isOurs } = await openOrMake(path);
    return reportFile(path, file, isOurs, (await file.stat()).isFile());
  } catch (error) {
    throw new UsageError(
      `${option}: cannot write ${path}: ${systemWords(error)}`,
      'name a file in a folder that exists and is yours',
    );
  }
}

function reportFile(path: string, file: FileHandle, isOurs: boolean, isRegular: boolean): ReportFile {
  let isWritten = false;
  const discard = async (): Promise<void> => {
    if (isWritten) return;
    await file.close().catch(() => undefined);
    if (isOurs) await unlink(path).catch(() => undefined);
  };
  return {
    discard,
    async write(text) {
      try {
        if (!isRegular || !(await replaced(path, text))) {
          // Devices and pipes have no length to cut.
          if (isRegular) await file.truncate(0);
          await file.writeFile(text);
        }
        await file.close();
        isWritten = true;
      } catch (error) {
        await discard();
        throw writeError(path, error);
      }
    },
  };
}

/**
 * Puts a whole new file in the place of the old one, so that no reader (node_exporter's textfile collector) meets half of it.
 * False where that cannot be: a folder that is not ours, a link that must stay one.
 */
async function replaced(path: string, text: string): Promise<boolean> {
  const { mode, nlink } = await stat(path);
  if (nlink > 1 || (await lstat(path)).isSymbolicLink()) return false;
  const beside = `${path}.${randomUUID()}`;
  try {
    await writeFile(beside, text, { flag: 'wx', mode });
    await rename(beside, path);
    return true;
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** Appending, so that a report of yesterday is kept until there is one of today. */
async function openOrMake(path: string): Promise<{ readonly file: FileHandle; readonly isOurs: boolean }> {
  try {
    return { file: await open(path, 'ax'), isOurs: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { file: await open(path, 'a'), isOurs: false };
  }
}
