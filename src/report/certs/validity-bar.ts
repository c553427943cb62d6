// Owns the drawing of lifetimes on one axis of time that all certificates of a place share, with the moment of judging on it. Pure.
import type { CertificateRecord } from '../../model/certificate-schema.ts';

export interface Axis {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}

type Lifetime = Pick<CertificateRecord, 'notBefore' | 'notAfter'>;

/** From the first beginning to the last end, now included. */
export function axisOf(lifetimes: readonly Lifetime[], nowMs: number): Axis {
  const times = lifetimes.flatMap(({ notBefore, notAfter }) =>
    [notBefore, notAfter].flatMap((time) => (time === null ? [] : [Date.parse(time)])),
  );
  return { fromMs: Math.min(nowMs, ...times), toMs: Math.max(nowMs, ...times), nowMs };
}

function columnOf(ms: number, { fromMs, toMs }: Axis, columns: number): number {
  return toMs === fromMs ? 0 : Math.round(((ms - fromMs) / (toMs - fromMs)) * (columns - 1));
}

/** `├──┼────┤`: valid from and until, `┼` now; now alone outside of it is `┊`. A lifetime of one column is `■`. */
export function validityBar({ notBefore, notAfter }: Lifetime, axis: Axis, columns: number): string {
  const now = columnOf(axis.nowMs, axis, columns);
  const cells: string[] = Array.from({ length: columns }, (_, at) => (at === now ? '┊' : ' '));
  if (notBefore === null || notAfter === null) return cells.join('');
  const [begin, end] = [Date.parse(notBefore), Date.parse(notAfter)];
  const [from, to] = [columnOf(begin, axis, columns), columnOf(end, axis, columns)];
  // Where a column is wider than a lifetime, its neighbour shows that now lies outside of it.
  for (let at = from; at <= to; at++) cells[at] = at === from ? '├' : at === to ? '┤' : '─';
  if (from >= to) cells[from] = '■';
  else if (now >= from && now <= to && axis.nowMs >= begin && axis.nowMs <= end) cells[now] = '┼';
  return cells.join('');
}

/** Years, and months where there is room, at both ends, `now` above its column where there is room. */
export function axisLine(axis: Axis, columns: number): string {
  const label = (ms: number): string => new Date(ms).toISOString().slice(0, columns < 32 ? 4 : 7);
  const cells = Array.from({ length: columns }, () => ' ');
  const write = (text: string, at: number): void => {
    const start = Math.max(0, Math.min(at, columns - text.length));
    for (const [index, character] of text.split('').entries()) cells[start + index] = character;
  };
  if (columns >= 12) {
    write(label(axis.fromMs), 0);
    write(label(axis.toMs), columns);
  }
  const now = columnOf(axis.nowMs, axis, columns);
  const isFree = (at: number): boolean => cells.slice(Math.max(0, at - 1), at + 4).every((cell) => cell === ' ');
  const at = Math.max(0, Math.min(now - 1, columns - 3));
  if (isFree(at)) write('now', at);
  return cells.join('');
}
