// Owns getting lines out of the process: one write under way at a time, never waited for; what a slow reader or a full disk leaves no room for is
// dropped and counted. Never throws, and knows nothing of what is in a line.
import { write } from 'node:fs';

export interface LineSink {
  /** @param line with its line feed */
  write(line: string): void;
  /** Lines that nobody got, since the start. */
  dropped(): number;
  /** Resolves when every line is out or dropped, or when the bound has passed, ms. */
  flush(boundMs: number): Promise<void>;
}

/** What may wait for a slow reader, characters. */
const MOST_WAITING = 1_048_576;
/** How long a full pipe is left alone, ms. */
const AGAIN_MS = 50;
const LINE_FEED = 0x0a;

/**
 * Writes are the thread pool's, so that a slow disk holds up nothing else; a full pipe or socket says EAGAIN, as Node has made it non-blocking.
 * @param fd of standard error
 */
export function openLineSink(fd: number, mostWaiting = MOST_WAITING): LineSink {
  let waiting: string[] = [];
  let waitingLength = 0;
  let dropped = 0;
  let isWriting = false;
  /** What was written last was cut in the middle of a line: the next one begins on its own. */
  let isCut = false;
  let flushed = (): void => undefined;

  const begin = (): void => {
    isWriting = waiting.length > 0;
    if (!isWriting) {
      flushed();
      return;
    }
    const bytes = Buffer.from(`${isCut ? '\n' : ''}${waiting.join('')}`);
    waiting = [];
    waitingLength = 0;
    put(bytes);
  };
  const put = (bytes: Buffer): void => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => put(bytes), AGAIN_MS).unref();
        return;
      }
      if (error !== null) dropped += linesIn(bytes);
      else isCut = bytes[written - 1] !== LINE_FEED;
      if (error === null && written > 0 && written < bytes.length) put(bytes.subarray(written));
      else begin();
    });
  };
  return {
    dropped: () => dropped,
    write(line) {
      if (waitingLength + line.length > mostWaiting) {
        dropped++;
        return;
      }
      waiting.push(line);
      waitingLength += line.length;
      if (!isWriting) begin();
    },
    async flush(boundMs) {
      if (!isWriting) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const bound = setTimeout(resolve, boundMs);
      flushed = resolve;
      await promise;
      clearTimeout(bound);
    },
  };
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === LINE_FEED) lines++;
  return lines;
}
