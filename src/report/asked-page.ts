// Owns the page of a journey that somebody asked for and that has not ended, or ended without one to show. Needs no script and loads nothing.
import { documentText, html, nothing } from './escape/html.ts';
import { headPart } from './html/head.ts';
import { formatTime } from './numbers.ts';

export interface AskedPage {
  readonly id: string;
  readonly target: string;
  readonly by: string;
  /** Unix ms */
  readonly atMs: number;
  readonly state: 'waiting' | 'under_way' | 'ended' | 'failed';
  readonly fault: string | null;
}

const REFRESH_SECONDS = 2;

export function askedPage({ id, target, by, atMs, state, fault }: AskedPage): string {
  const isOver = state === 'failed' || state === 'ended';
  const words = { waiting: 'waits for its turn', under_way: 'is under way', ended: 'has ended', failed: 'failed' }[
    state
  ];
  const told = fault === null ? nothing : html`<p>${fault}</p>`;
  const again = isOver ? nothing : html`<footer><p>The page asks again every ${REFRESH_SECONDS} s.</p></footer>`;
  const head = headPart(`${words}: ${target}`, isOver ? {} : { refreshSeconds: REFRESH_SECONDS });
  const at = formatTime(new Date(atMs).toISOString());
  return documentText(
    html`<!doctype html><html lang="en">${head}<body><header><h1>The journey to ${target} ${words}</h1>${told}<p class="muted">Journey ${id}, asked for by ${by} at ${at}.</p></header>${again}</body></html>`,
  );
}
