// Owns random octets for queries, drawn from the system's cryptographic source a page at a time. Never gives one twice.
import { randomFillSync } from 'node:crypto';

const page = Buffer.alloc(4_096);
let used = page.length;

/** Valid until the next call: read at once. */
export function randomOctets(count: number): Buffer {
  if (used + count > page.length) {
    randomFillSync(page);
    used = 0;
  }
  used += count;
  return page.subarray(used - count, used);
}
