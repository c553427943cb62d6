// Owns how one cell of an evidence table reads; escaping is left to the printer of each report.
import type { Cell } from '../contract/section.ts';
import { type Printable, terminal } from './escape/terminal.ts';

/** Numbers keep at most three decimals: evidence is read by people here, programs read the JSON. */
export function cellText(cell: Cell): Printable {
  if (cell === null) return terminal('–');
  if (typeof cell === 'boolean') return terminal(cell ? 'yes' : 'no');
  if (typeof cell === 'number') return terminal(String(Number.isInteger(cell) ? cell : Number(cell.toFixed(3))));
  return terminal(cell);
}
