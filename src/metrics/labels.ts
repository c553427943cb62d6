// Owns what may stand in a label: visible text of bounded length. Escaping of quotes and newlines is prom-client's.
import { visible, type WireText } from '../model/text.ts';

const MAX_LENGTH = 200;

export function labelValue(value: string | number | WireText | null): string {
  if (value === null) return '';
  const text = typeof value === 'number' ? String(value) : visible(value);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH).toWellFormed()}…` : text;
}

export function labelValues(
  labels: Readonly<Record<string, string | number | WireText | null>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, labelValue(value)]));
}
