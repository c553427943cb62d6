// Owns reading the Server-Timing field: what a service says that its parts took. Pure; judges nothing.
import { decimal, type Fields, listOf, memberOf, parameter } from './fields.ts';
import type { WireText } from './text.ts';

/** Longer claims are broken clocks, not layers: a day. */
export const LONGEST_MS = 86_400_000;

/** An entry of the field: W3C Server Timing; `dur` is in milliseconds. */
export interface ServerTimingEntry {
  readonly name: WireText;
  /** Null without a duration that can be one. */
  readonly ms: number | null;
  readonly description: WireText | null;
}

export function entriesOf(fields: Fields): readonly ServerTimingEntry[] {
  return listOf(fields, 'server-timing').map((piece) => {
    const member = memberOf(piece);
    const ms = decimal(parameter(member, 'dur'));
    const description = parameter(member, 'desc');
    return { name: member.value, ms: ms === null || ms > LONGEST_MS ? null : ms, description };
  });
}

/** Entries with a duration. */
export function serverTiming(fields: Fields): readonly { readonly name: WireText; readonly ms: number }[] {
  return entriesOf(fields).flatMap(({ name, ms }) => (ms === null ? [] : [{ name, ms }]));
}
