// Owns the body of an answer that breaks off, as nock sends it: what came before, and then the end of the connection.
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

/** Heard before it breaks: the start of it goes out in a turn of the loop of its own. */
export function brokenBehind(text: string): Readable {
  const half = async function* () {
    yield text;
    await setImmediate();
    throw new Error('cut');
  };
  return Readable.from(half());
}
