// Owns when two records count as one in comparisons between servers. Pure.
import { visible, type WireText } from '../../src/model/text.ts';

/** Operators renew the keys of `ech` within hours, and not everywhere at once: another key is no other record. */
export function recordKey(data: WireText): string {
  return visible(data).replace(/ ech="?[A-Za-z0-9+/=]+"?/, ' ech');
}
