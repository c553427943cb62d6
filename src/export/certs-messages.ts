// Owns what is told to whom about certificates: Alertmanager, chat rooms that take Slack's messages, anything that takes JSON, a
// Pushgateway. Pure: it makes messages, and sends none.
import type { CertsProblem, CertsReport } from '../model/certs.ts';
import { UsageError } from '../model/usage-error.ts';
import type { Message } from './deliver.ts';

const receivers = ['alertmanager', 'slack', 'json'] as const;
export interface Receiver {
  readonly kind: (typeof receivers)[number];
  readonly url: string;
}

/** Lines of one chat message. */
const MAX_LINES = 20;
/** Problems of one message; a list of ten thousand dead names must not become one message of megabytes. */
const MAX_PROBLEMS = 1000;
const JSON_TYPE = 'application/json';

/**
 * Reads `alertmanager+https://...`, `slack+https://...` or, for any other receiver of JSON, a plain http(s) URL.
 * @throws UsageError, which does not repeat the URL: it may hold a password
 */
export function parseReceiver(text: string): Receiver {
  const [, kind = 'json', rest = text] = /^([a-z]+)\+(https?:\/\/[^]*)$/.exec(text) ?? [];
  const known = receivers.find((one) => one === kind);
  if (known === undefined || !isHttp(rest))
    throw new UsageError(
      '--notify: not a URL of a known kind',
      'write alertmanager+https://HOST, slack+https://HOST/PATH, or https://HOST/PATH for JSON',
    );
  return { kind: known, url: rest };
}

function isHttp(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol);
}

/** What a person should hear of; notices are for who looks. */
export function worthTelling({ problems }: CertsReport): readonly CertsProblem[] {
  return problems.filter(({ severity }) => severity !== 'notice');
}

/** @param alertForMs how long an alert stands unless it is told again */
export function notification(report: CertsReport, { kind, url }: Receiver, alertForMs: number): Message {
  const json = (to: string, value: unknown): Message => ({
    ...{ method: 'POST', url: to, contentType: JSON_TYPE },
    body: JSON.stringify(value),
  });
  switch (kind) {
    case 'alertmanager':
      return json(alertsUrl(url), alerts(report, alertForMs));
    case 'slack':
      return json(url, { text: chatText(report) });
    case 'json':
      return json(url, summary(report));
  }
}

/** Alertmanager's API v2, POST /alerts; a URL that names it already is left as it is. */
function alertsUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname.endsWith('/api/v2/alerts')) return url;
  parsed.pathname = `${parsed.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
  return parsed.href;
}

/** Labels are what makes two tellings one alert: nothing in them changes from day to day while the problem stands. */
function alerts(report: CertsReport, alertForMs: number): readonly unknown[] {
  const startsAt = report.asOf;
  const endsAt = new Date(Date.parse(report.asOf) + alertForMs).toISOString();
  const unique = new Map(
    worthTelling(report).map(({ id, severity, target, places, what, soWhat, nowWhat }) => {
      const labels = { alertname: 'Certificate', id, severity, target, place: places[0] ?? target };
      const annotations = {
        summary: what,
        description: soWhat,
        action: nowWhat,
        places: places.slice(0, 20).join(', '),
      };
      return [JSON.stringify(labels), { labels, annotations, startsAt, endsAt }] as const;
    }),
  );
  return [...unique.values()].slice(0, MAX_PROBLEMS);
}

/** Slack's three control characters ("Formatting text for app surfaces", escaping text). */
function chatText(report: CertsReport): string {
  const told = worthTelling(report);
  const lines = told
    .slice(0, MAX_LINES)
    .map(
      ({ severity, target, places, what }) =>
        `${severity.toUpperCase()} ${places[0] ?? target}${places.length > 1 ? ` and ${places.length - 1} more` : ''}: ${what}`,
    );
  const more = told.length > MAX_LINES ? [`and ${told.length - MAX_LINES} more`] : [];
  const head = `Certificates: ${told.length} problem${told.length === 1 ? '' : 's'} at ${report.counts.places} places`;
  return [head, ...lines, ...more].join('\n').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function summary(report: CertsReport): unknown {
  const { schema, startedAt, asOf, verdict, complete, counts } = report;
  return { schema, startedAt, asOf, verdict, complete, counts, problems: worthTelling(report).slice(0, MAX_PROBLEMS) };
}

/**
 * Replaces the group of this machine's sweeps at a Pushgateway (PUT, its README "API"). A URL that names its group (`/metrics/job/...`) is
 * left as it is. @throws UsageError
 */
export function push(metrics: string, to: string, instance: string): Message {
  if (!isHttp(to)) throw new UsageError('--push: not an http(s) URL', 'for example --push http://pushgateway:9091');
  const url = new URL(to);
  if (!url.pathname.includes('/metrics/job'))
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/metrics/job/probe_certs/instance/${encodeURIComponent(instance)}`;
  return { method: 'PUT', url: url.href, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: metrics };
}
