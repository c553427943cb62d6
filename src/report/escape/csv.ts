// Owns the way of text into a CSV file: one field, quoted where it must be, and nothing that a spreadsheet would calculate.
import { visible, type WireText } from '../../model/text.ts';

/** What spreadsheets take for a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@]/;

/** RFC 4180 2. Control characters are spelled out, so that a field is always one line. */
function csvField(value: string | number | boolean | WireText | null): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = visible(value);
  const tame = FORMULA.test(text) ? `'${text}` : text;
  return /[",;]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

/** Lines end with CRLF: RFC 4180 2.1. */
export function csvLine(fields: readonly (string | number | boolean | WireText | null)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}
