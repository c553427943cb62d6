// Owns the text report of `probe certs`: nothing when all is well, else one line a problem, worst first; details when asked for.
import type { CertificateRecord } from '../../model/certificate-schema.ts';
import { type CertsProblem, type CertsReport, daysLeft, type Place } from '../../model/certs.ts';
import { plural } from '../numbers.ts';
import { blank, type Line, paint, type Run, run, type Style } from '../text/run.ts';
import { type Column, clipped, fitColumns, shrinkColumns, tableLines } from '../text/table.ts';
import { fill, words } from '../text/wrap.ts';

export interface CertsView {
  readonly columns: number;
  readonly colour: boolean;
  /** What to do about each problem, notices, and a table of everything that was looked at. */
  readonly verbose: boolean;
}

const GAP = 2;
const INDENT = 10;
const STYLES = { critical: 'critical', warning: 'warning', notice: 'notice', unknown: 'notice' } as const;

export function certsText(report: CertsReport, { columns, colour, verbose }: CertsView): string {
  const told = report.problems.filter(({ severity }) => verbose || severity !== 'notice');
  const problems = told.flatMap((problem) => [problemLine(problem), ...(verbose ? detailLines(problem, columns) : [])]);
  if (!verbose) return paint([...problems, ...cutLine(report)], colour);
  return paint(
    [
      ...(problems.length === 0 ? [] : [...problems, []]),
      ...summaryLines(report, columns),
      [],
      ...placeLines(report, columns),
    ],
    colour,
  );
}

/** One line whatever its length: it is read by grep and by mail programs as often as by people. */
function problemLine({ severity, target, places, what }: CertsProblem): Line {
  const [place = target] = places;
  const more = places.length > 1 ? ` and ${places.length - 1} more` : '';
  return [
    run(severity.toUpperCase().padEnd(INDENT), STYLES[severity]),
    run(place, 'strong'),
    run(`${more}: `),
    run(what),
  ];
}

function detailLines({ soWhat, nowWhat, places }: CertsProblem, columns: number): readonly Line[] {
  const lead = [blank(INDENT)];
  const others = places.length > 1 ? fill(lead, words(`At ${places.join(', ')}.`, 'dim'), columns) : [];
  return [...others, ...fill(lead, words(soWhat, 'dim'), columns), ...fill(lead, words(nowWhat, 'command'), columns)];
}

function cutLine({ complete }: CertsReport): readonly Line[] {
  return complete
    ? []
    : [
        [
          run('UNKNOWN'.padEnd(INDENT), 'notice'),
          run('The sweep was stopped before its end: the rest was not looked at.'),
        ],
      ];
}

function summaryLines(report: CertsReport, columns: number): readonly Line[] {
  const { counts, verdict, durationMs } = report;
  const next = nextToExpire(report);
  const what = [
    `${plural(counts.places, 'place')} of ${plural(counts.targets, 'target')}`,
    plural(counts.certificates, 'certificate'),
    ...(counts.failed === 0 ? [] : [`${counts.failed} not seen`]),
    `${(durationMs / 1000).toFixed(1)} s`,
  ].join(', ');
  const soon = next === null ? '' : ` Next to expire: ${next}.`;
  const style: Style = verdict === 'ok' ? 'ok' : verdict === 'unknown' ? 'notice' : verdict;
  return [
    ...fill([run(verdict.toUpperCase().padEnd(INDENT), style)], words(`${what}.${soon}`), columns),
    ...cutLine(report),
  ];
}

function nextToExpire(report: CertsReport): string | null {
  const leaves = report.places.flatMap((place) => {
    const left = daysLeft(place, report);
    return left === null || left < 0 ? [] : [{ id: place.id, left }];
  });
  const [first] = leaves.toSorted((a, b) => a.left - b.left);
  return first === undefined ? null : `${first.id} in ${plural(first.left, 'day')}`;
}

/** Every place, the one whose certificate ends first at the top. */
function placeLines(report: CertsReport, columns: number): readonly Line[] {
  const rows = report.places
    .map((place) => ({ place, left: daysLeft(place, report) }))
    .toSorted((a, b) => (a.left ?? Number.NEGATIVE_INFINITY) - (b.left ?? Number.NEGATIVE_INFINITY));
  if (rows.length === 0) return [];
  const leafOf = ({ chain }: Place): CertificateRecord | undefined => report.certificates[chain[0] ?? ''];
  const column = (
    header: string,
    droppable: number,
    align: Column['align'],
    cell: (row: (typeof rows)[number]) => Run,
  ): Column => ({
    ...{ header: run(header, 'dim'), droppable, align },
    cells: rows.map(cell),
  });
  const table = [
    column('days', 0, 'right', ({ left }) => run(left ?? '-')),
    { ...column('place', 0, 'left', ({ place }) => run(place.id)), cut: 'middle' as const },
    column('until', 1, 'left', ({ place }) => run(leafOf(place)?.notAfter?.slice(0, 10) ?? '-')),
    clipped(
      column('subject', 3, 'left', ({ place }) => run(leafOf(place)?.subject ?? '-')),
      40,
    ),
    clipped(
      column('issuer', 2, 'left', ({ place }) => run(leafOf(place)?.issuer ?? '-')),
      40,
    ),
    column('trust', 4, 'left', ({ place }) => run(trustOf(place))),
  ];
  return tableLines(shrinkColumns(fitColumns(table, columns, GAP), columns, GAP, 8), GAP);
}

function trustOf(place: Place): string {
  if (place.kind === 'file') return '-';
  if (place.trusted === null) return '-';
  if (!place.trusted) return 'untrusted';
  return place.hostnameMatches === false ? 'wrong name' : 'trusted';
}
