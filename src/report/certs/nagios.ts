// Owns the report of `probe certs` as a monitoring plugin says it: one line with performance data, the problems in the lines below
// (Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance data").
import { type CertsProblem, type CertsReport, daysLeft } from '../../model/certs.ts';
import { terminal } from '../escape/terminal.ts';
import { plural } from '../numbers.ts';

/** Figures of single places; more of them no panel shows, and NRPE cuts the line. */
const MAX_FIGURES = 50;
const MAX_LINES = 100;

export function certsNagios(report: CertsReport): string {
  const told = report.problems.filter(({ severity }) => severity !== 'notice');
  const lines = told
    .slice(0, MAX_LINES)
    .map((problem) => plain(`${problem.severity.toUpperCase()}: ${sentence(problem)}`));
  const more = told.length > MAX_LINES ? [`and ${told.length - MAX_LINES} more`] : [];
  return `${[`${headline(report, told)} | ${figures(report)}`, ...lines, ...more].join('\n')}\n`;
}

function headline({ verdict, counts, complete, places }: CertsReport, told: readonly CertsProblem[]): string {
  const [worst] = told;
  const cut = complete ? '' : 'stopped before its end, ';
  const where = `${plural(places.length, 'place')} of ${plural(counts.targets, 'target')}`;
  const what = worst === undefined ? where : `${plural(told.length, 'problem')} at ${where}: ${sentence(worst)}`;
  return plain(`CERTS ${verdict.toUpperCase()} - ${cut}${what}`);
}

function sentence({ target, places, what }: CertsProblem): string {
  const more = places.length > 1 ? ` and ${places.length - 1} more` : '';
  return `${places[0] ?? target}${more}: ${what}`;
}

/** A bar begins the performance data, wherever it stands. */
function plain(text: string): string {
  return terminal(text).replaceAll('|', '/');
}

function figures(report: CertsReport): string {
  const { counts, durationMs, places } = report;
  const days = places
    .flatMap((place) => {
      const left = daysLeft(place, report);
      return left === null ? [] : [{ id: place.id, left }];
    })
    .toSorted((a, b) => a.left - b.left);
  const first = days[0]?.left ?? null;
  const limits = thresholds(report);
  return [
    ...(first === null ? [] : [`days_left=${first};${limits}`]),
    `places=${counts.places};;;0`,
    `not_seen=${counts.failed};;;0`,
    `duration=${(durationMs / 1000).toFixed(3)}s;;;0`,
    ...days.slice(0, MAX_FIGURES).map(({ id, left }) => `'${label(id)}'=${left};${limits}`),
  ].join(' ');
}

/** `30:` is "alert below 30" in the guidelines' ranges. */
function thresholds({ judgedWith }: CertsReport): string {
  const tls = judgedWith['tls'];
  const { warnDays, criticalDays } = (typeof tls === 'object' && tls !== null ? tls : {}) as {
    readonly warnDays?: number;
    readonly criticalDays?: number;
  };
  return `${warnDays === undefined ? '' : `${warnDays}:`};${criticalDays === undefined ? '' : `${criticalDays}:`}`;
}

/** A label holds neither quotes nor an equals sign. */
function label(id: string): string {
  return plain(id).replaceAll(/['=]/g, '_');
}
