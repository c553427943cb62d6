// Owns writing an exchange down: bounded, marked as a stranger's words, with names in the places of secrets.
import { type WireText, wireText } from '../../src/model/text.ts';
import type { HopId, Span } from '../../src/model/trace.ts';
import { codingsOf, plain } from './answer.ts';
import type { ExchangeRecord } from './evidence.ts';
import type { Sent } from './run-step.ts';

export type Hide = (text: string) => string;

const MAX_URL = 300;
const MAX_WORDS = 300;

/** Hidden before it is cut: a cut secret would not be known again. */
export function hidden(text: string, hide: Hide, most = MAX_WORDS): WireText {
  return wireText(hide(text), most);
}

/** @param asked the URL of the first request, as the person wrote it: an answer chose the others */
export function writtenExchange(
  { url, method, record, isChosen, onward, ...sent }: Sent,
  asked: string,
  hide: Hide,
): ExchangeRecord {
  const { http, tls, endpoint, problem, reused, spans, traceId } = record;
  return {
    ...{ method, reused, cookiesSent: sent.cookiesSent, status: http?.status ?? null, version: http?.version ?? null },
    url: hidden(isChosen ? withoutValues(url.href) : asked, hide, MAX_URL),
    endpoint: endpoint?.id ?? null,
    spans: written(spans),
    tlsProtocol: tls?.protocol ?? null,
    bodyBytes: http?.bodyBytes ?? null,
    truncated: http?.truncated ?? false,
    codings: codingsOf(record).map((coding) => hidden(plain(coding), hide, 40)),
    cookiesTaken: sent.cookiesTaken.map((name) => hidden(name, hide, 80)),
    redirect:
      onward === null
        ? null
        : {
            to: hidden(withoutValues(onward.to.href), hide, MAX_URL),
            ...{ method: onward.method, crossOrigin: onward.crossOrigin, toPlaintext: onward.toPlaintext },
            dropped: [...onward.dropped],
          },
    problem:
      problem === null
        ? null
        : { ...problem, detail: problem.detail === null ? null : hidden(plain(problem.detail), hide) },
    ...(traceId === undefined ? {} : { traceId }),
  };
}

/** What an answer puts into a query may be a code or token: the names are enough. */
function withoutValues(href: string): string {
  const url = new URL(href);
  const names = [...new Set(url.searchParams.keys())].slice(0, 16);
  url.search = '';
  return names.length === 0
    ? url.href
    : `${url.href}?${names.map((name) => `${encodeURIComponent(name)}=…`).join('&')}`;
}

function written(spans: Sent['record']['spans']): ExchangeRecord['spans'] {
  const entries = (Object.entries(spans) as readonly (readonly [HopId, Span])[]).map(
    ([hop, { startMs, durationMs, clock }]) =>
      [hop, { startMs: round(startMs), durationMs: round(durationMs), clock }] as const,
  );
  return Object.fromEntries(entries);
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
