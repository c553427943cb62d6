// Owns what is said of a search for a limit. Pure.
import { sameText } from '../../src/model/text.ts';
import type { AccessEvidence, FoundLimit, FoundOpen, Refusal } from './evidence.ts';

/** As part of a sentence; empty when nothing was looked for. */
export function searchSaid({ foundLimit, foundOpen, searchLeftOut }: AccessEvidence): string {
  if (searchLeftOut !== undefined) return `; where throttling starts was not looked for: ${searchLeftOut}`;
  const said = [
    ...(foundLimit === undefined ? [] : [rateSaid(foundLimit)]),
    ...(foundOpen === undefined ? [] : [openSaid(foundOpen)]),
  ];
  return said.map((each) => `; ${each}`).join('');
}

function rateSaid({
  end,
  found,
  refusal,
  toPerSecond,
  reachedPerSecond,
  waitBeginMs,
  waitEndMs,
  sent,
}: FoundLimit): string {
  if (found !== null && refusal !== null) {
    const about = `throttling starts at about ${found.perSecond} requests a second (${found.low} to ${found.high}), at the ${ordinal(found.position)} request`;
    const open = found.waiting > 1 ? ` with ${found.waiting} others under way` : '';
    const queue = isQueue(waitBeginMs, waitEndMs)
      ? `; before that answers came later and later (${waitBeginMs} to ${waitEndMs} ms): a queue`
      : '';
    return `${about}${open}: ${refusalSaid(refusal)}${queue}`;
  }
  switch (end) {
    case 'max':
      return `no throttling up to ${toPerSecond} requests a second (${sent} sent)`;
    case 'failing':
      return `at ${reachedPerSecond} requests a second three in a row were not answered`;
    case 'waiting':
      return `at ${reachedPerSecond} requests a second 256 waited for an answer at once`;
    case 'throttled':
    case 'changed':
    case 'cut':
      return `no throttling up to ${reachedPerSecond} requests a second, where the search was cut short`;
  }
}

function openSaid({ end, held, most, refusal }: FoundOpen): string {
  if (end === 'throttled' && refusal !== null)
    return `${held} requests may be under way at once, the next is refused: ${refusalSaid(refusal)}`;
  if (end === 'max') return `${most} requests may be under way at once`;
  if (end === 'not-held')
    return 'how many requests may be under way at once cannot be told: the service answers before the body has come';
  return `how many requests may be under way at once is not known (${held} were)`;
}

/** Ten times as long, and longer than any jitter. */
function isQueue(beginMs: number | null, endMs: number | null): boolean {
  return beginMs !== null && endMs !== null && endMs > 50 && endMs > 10 * beginMs;
}

function ordinal(position: number): string {
  const last = position % 10;
  const isTeen = Math.floor((position % 100) / 10) === 1;
  const ending = isTeen ? 'th' : last === 1 ? 'st' : last === 2 ? 'nd' : last === 3 ? 'rd' : 'th';
  return `${position}${ending}`;
}

export function refusalSaid({ status, retryAfterSeconds, announced, text }: Refusal): string {
  const after = retryAfterSeconds === null ? 'without Retry-After' : `Retry-After ${retryAfterSeconds} s`;
  const limit = announced?.limit == null ? '' : `, limit of ${announced.limit} told`;
  const page = text === null || sameText(text, '') ? 'no page' : 'a page';
  return `${status}, ${after}${limit}, ${page}`;
}
