// Owns talking in lines over TCP: waiting for one that matches, sending, in turns. What does not match is passed over, as people do who
// read a greeting of several lines.
import type { LinesTalk } from '../../contract/talk.ts';
import { problem } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';
import { problemOf } from '../sample/failure.ts';
import { runStep } from '../sample/step.ts';
import { MAX_SAID_BYTES, type Said, type Wire } from './wire.ts';

/** @throws StepFailure */
export async function talkInLines({ turns }: LinesTalk, wire: Wire): Promise<Said> {
  const { socket, timeoutMs, signal, onAnswer } = wire;
  const heard = hear(wire, onAnswer);
  for (const turn of turns) {
    if ('send' in turn) {
      socket.write(typeof turn.send === 'string' ? turn.send : turn.send.open());
      continue;
    }
    const missing = wireText(`no line matched ${turn.says}`, 300);
    const bounds = { step: 'wait', timeoutMs, onTimeout: 'wait-timeout', missing, signal } as const;
    const refused = await runStep<string | null>(bounds, (done, fail) => {
      heard.onChange(() => {
        if (heard.take(turn.expect)) return done(null);
        if (heard.isFull()) return done(`no line of ${MAX_SAID_BYTES} bytes matched ${turn.says}`);
        const { failure, isOver } = heard.end();
        if (failure !== null) return fail(problemOf(failure, 'wait'));
        if (isOver && heard.isEmpty()) return fail(problem('closed', 'wait'));
        if (isOver) return done(`the connection was closed before a line matched ${turn.says}${heard.last()}`);
      });
    });
    if (refused !== null) return { http: null, body: heard.all(), refused };
  }
  return { http: null, body: heard.all(), refused: null };
}

function hear({ socket }: Wire, onAnswer: () => void) {
  let bytes = Buffer.alloc(0);
  let taken = 0;
  let isOver = false;
  let failure: Error | null = null;
  let changed: () => void = () => undefined;
  socket.on('data', (chunk: Buffer) => {
    if (bytes.byteLength === 0) onAnswer();
    bytes = Buffer.concat([bytes, chunk.subarray(0, MAX_SAID_BYTES - bytes.byteLength)]);
    if (bytes.byteLength >= MAX_SAID_BYTES) socket.pause();
    changed();
  });
  socket.once('error', (error) => {
    failure = error;
    changed();
  });
  const over = (): void => {
    isOver = true;
    changed();
  };
  socket.once('end', over);
  socket.once('close', over);
  const rest = (): string => bytes.subarray(taken).toString('latin1');
  return {
    onChange(listener: () => void): void {
      changed = listener;
      listener();
    },
    /** Goes on behind the first line that matches; one without its end counts as it stands, for prompts have none. */
    take(matches: (line: string) => boolean): boolean {
      let at = taken;
      for (const line of rest().split(/(?<=\n)/)) {
        at += line.length;
        if (line !== '' && matches(Buffer.from(line.replace(/\r?\n$/, ''), 'latin1').toString('utf8'))) {
          taken = at;
          return true;
        }
      }
      return false;
    },
    last: () => (taken < bytes.byteLength ? `; it said: ${bytes.subarray(taken).toString('utf8').slice(0, 200)}` : ''),
    isFull: () => bytes.byteLength >= MAX_SAID_BYTES,
    isEmpty: () => bytes.byteLength === 0,
    end: () => ({ isOver, failure }),
    all: () => bytes,
  };
}
