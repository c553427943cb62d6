// Owns the words for what the operating system refused, and the error of a report that could not be handed over.
// Never decides an exit code.
import { getSystemErrorMessage } from 'node:util';
import { visible } from '../model/text.ts';

/** The report was made and could not be written: nobody's fault here, but the caller must not read it as a verdict. */
export class WriteError extends Error {}

/** @param where the file, or `standard output` */
export function writeError(where: string, error: unknown): WriteError {
  return new WriteError(`cannot write the report to ${visible(where)}: ${systemWords(error)}`);
}

/** `no space left on device` rather than ENOSPC with the name of a system call. */
export function systemWords(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file or folder';
  if (code === 'EISDIR') return 'it is a directory';
  return errno === undefined || errno >= 0 ? (code ?? error.message) : getSystemErrorMessage(errno);
}
