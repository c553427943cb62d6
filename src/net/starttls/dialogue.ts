// Owns a conversation in the clear before TLS: what the server says is read in bounds of size, and of time by the caller's step.
// Never believes bytes that come behind the word to start TLS: anybody on the way could have put them there.
import type { Socket } from 'node:net';
import { type Problem, type ProblemCode, problem } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';
import { StepFailure } from '../sample/step.ts';

/** More than any greeting, list of capabilities or stream header. */
const MAX_BYTES = 65_536;
/** Of a server's own words that is kept. */
const MAX_DETAIL = 200;

export interface Dialogue {
  /** Reads on until `end` finds where the message ends (an index into what came), and takes the message. @throws StepFailure */
  read(end: (bytes: Buffer) => number | null): Promise<Buffer>;
  write(bytes: string | Uint8Array): void;
  /** Gives the socket back, quiet. @throws StepFailure when bytes are left that no one asked for */
  close(): void;
}

/** How a dialogue goes wrong: in the server's own words. */
export function unwilling(code: ProblemCode, words: string): StepFailure {
  return new StepFailure(problem(code, 'tls', words === '' ? null : wireText(words, MAX_DETAIL)));
}

export function openDialogue(socket: Socket): Dialogue {
  let held: Buffer = Buffer.alloc(0);
  let failed: Problem | null = null;
  let wake: (() => void) | null = null;
  const hear = (bytes: Buffer): void => {
    held = Buffer.concat([held, bytes]);
    if (held.byteLength > MAX_BYTES) failed ??= problem('starttls-malformed', 'tls', null);
    wake?.();
  };
  const end = (): void => {
    failed ??= problem('closed', 'tls');
    wake?.();
  };
  socket.on('data', hear);
  socket.once('end', end);
  socket.once('close', end);
  const release = (): void => {
    socket.off('data', hear);
    socket.off('end', end);
    socket.off('close', end);
    socket.pause();
  };
  return {
    async read(endOf) {
      for (;;) {
        const at = endOf(held);
        if (at !== null) {
          const message = held.subarray(0, at);
          held = held.subarray(at);
          return message;
        }
        if (failed !== null) throw new StepFailure(failed);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    write: (bytes) => void socket.write(bytes),
    close() {
      release();
      if (held.byteLength > 0) throw unwilling('starttls-malformed', `sent before TLS: ${held.toString('latin1')}`);
    },
  };
}

/** One line with its end. */
function lineEnd(bytes: Buffer): number | null {
  const at = bytes.indexOf(0x0a);
  return at === -1 ? null : at + 1;
}

/** Reads one line, without its end. */
export async function readLine(dialogue: Dialogue): Promise<string> {
  return (await dialogue.read(lineEnd)).toString('latin1').trimEnd();
}
