// Owns how one cell of an evidence table reads; escaping is left to the printer of each report.
import type { Cell } from '../contract/section.ts';
import { type Printable, terminal } from './escape/terminal.ts';

/** At most three decimals, but never 0 for what is not. */
function numberText(value: number): string {
  const rounded = Number(value.toFixed(3));
  return String(rounded === 0 && value !== 0 ? Number(value.toPrecision(1)) : rounded);
}

/** Numbers keep at most three decimals: evidence is read by people here, programs read the JSON. */
export function cellText(cell: Cell): Printable {
  if (cell === null) return terminal('–');
  if (typeof cell === 'boolean') return terminal(cell ? 'yes' : 'no');
  if (typeof cell === 'number') return terminal(Number.isInteger(cell) ? String(cell) : numberText(cell));
  return terminal(cell);
}
