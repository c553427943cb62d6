// Owns statuses as a person writes them: `200`, `2xx`, `200-204`. Pure.

export type StatusRange = readonly [from: number, to: number];

/** Null for what is none of the three forms. */
export function statusRange(text: string | number): StatusRange | null {
  const [, one, family, from, to] = /^(?:([1-5]\d\d)|([1-5])xx|([1-5]\d\d)-([1-5]\d\d))$/.exec(String(text)) ?? [];
  if (one !== undefined) return [Number(one), Number(one)];
  if (family !== undefined) return [Number(family) * 100, Number(family) * 100 + 99];
  return from === undefined || to === undefined ? null : [Number(from), Number(to)];
}
