// Owns telling what may happen ten thousand times at once no oftener than a person reads: so many lines in a window, then how many were kept back.
import type { Tell } from './agent-log.ts';

const MOST_LINES = 20;
const WINDOW_MS = 60_000;

/** @param tell of one kind of message; what is kept back is told by the same, with the message of the last */
export function paced(tell: Tell, mostLines = MOST_LINES, windowMs = WINDOW_MS): Tell {
  let told = 0;
  let keptBack = 0;
  let last = '';
  const end = (): void => {
    if (keptBack > 0) tell(last, { kept_back: keptBack, seconds: windowMs / 1000 });
    told = 0;
    keptBack = 0;
  };
  return (message, attributes) => {
    last = message;
    if (told === 0) setTimeout(end, windowMs).unref();
    if (told < mostLines) {
      told++;
      tell(message, attributes);
    } else keptBack++;
  };
}
