// Owns reading the Server-Timing field: what a service says that its parts took. Pure; judges nothing.
import { decimal, type Fields, listOf, memberOf, parameter } from './fields.ts';
import type { WireText } from './text.ts';

/** Longer claims are broken clocks, not layers: a day. */
export const LONGEST_MS = 86_400_000;

/** Entries with a duration: W3C Server Timing, the header field; `dur` is in milliseconds. */
export function serverTiming(fields: Fields): readonly { readonly name: WireText; readonly ms: number }[] {
  return listOf(fields, 'server-timing').flatMap((piece) => {
    const member = memberOf(piece);
    const ms = decimal(parameter(member, 'dur'));
    return ms === null || ms > LONGEST_MS ? [] : [{ name: member.value, ms }];
  });
}
