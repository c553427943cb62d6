// Owns the text form of what changed between two journeys: worst first, before above after.
// Never prints: it returns text, in which every piece passed the terminal escape.
import type { Diff, FindingChange } from '../../model/diff.ts';
import { type Line, paint, run, type Style } from '../text/run.ts';
import { type Column, fitColumns, shrinkColumns, tableLines } from '../text/table.ts';
import { fill, words } from '../text/wrap.ts';
import {
  factName,
  factPair,
  findingName,
  headline,
  latencyNote,
  latencyRow,
  latencyTitles,
  sideWords,
} from './words.ts';

export interface DiffView {
  readonly columns: number;
  readonly colour: boolean;
  readonly verbose: boolean;
}

const STYLES = { same: 'ok', changed: 'warning', unknown: 'notice' } as const;
/** Narrower than that nothing fits. */
const NARROWEST = 40;
const GAP = 2;
const LEAST_COLUMN = 6;

export function diffText(diff: Diff, { columns, colour, verbose }: DiffView): string {
  const width = Math.max(NARROWEST, columns);
  const blocks = [
    headLines(diff, width),
    diff.findings.flatMap((change) => findingLines(change, width)),
    titled(
      'FACTS',
      diff.facts.flatMap((change) => pairLines(factName(change), ...factPair(change), width)),
    ),
    latencyLines(diff, width, verbose),
    titled(
      'ANSWERS',
      diff.answers.flatMap(({ question, before, after }) => pairLines(`Q${question}`, before, after, width)),
    ),
    openLines(diff, width),
  ];
  const kept = blocks.filter((block) => block.length > 0);
  return paint(
    kept.flatMap((block, at) => (at === 0 ? block : [[], ...block])),
    colour,
  );
}

function headLines(diff: Diff, width: number): readonly Line[] {
  const side = (name: string, text: string) => fill([run(name.padEnd(8), 'dim')], words(text), width);
  return [
    ...fill([], words(headline(diff), STYLES[diff.outcome]), width),
    ...side('before', sideWords(diff.before)),
    ...side('now', sideWords(diff.after)),
  ];
}

function titled(title: string, lines: readonly Line[]): readonly Line[] {
  return lines.length === 0 ? [] : [[run(title, 'strong')], ...lines];
}

function findingLines(change: FindingChange, width: number): readonly Line[] {
  const style: Style = change.change === 'gone' ? 'ok' : (change.after ?? 'plain');
  return [...fill([], words(findingName(change), style), width), ...fill([run('      ')], words(change.what), width)];
}

function pairLines(name: string, before: string, after: string, width: number): readonly Line[] {
  return [
    ...fill([], words(name), width),
    ...fill([run('    - ', 'dim')], words(before, 'dim'), width),
    ...fill([run('    + ')], words(after), width),
  ];
}

function latencyLines(diff: Diff, width: number, verbose: boolean): readonly Line[] {
  const shown = diff.latency.filter(({ real }) => real || verbose);
  const rows = shown.map(latencyRow);
  const columns = latencyTitles.map(
    (title, at): Column => ({
      header: run(title, 'dim'),
      cells: rows.map((row, index) => run(row[at] ?? '', shown[index]?.real === true ? 'plain' : 'dim')),
      align: at < 2 ? 'left' : 'right',
      // The chance goes first, then by how much in parts.
      droppable: at === 6 ? 2 : at === 5 ? 1 : 0,
    }),
  );
  const table = shrinkColumns(fitColumns(columns, width, GAP), width, GAP, LEAST_COLUMN);
  return [
    [run('LATENCY', 'strong')],
    ...(rows.length === 0 ? [] : tableLines(table, GAP)),
    ...fill([], words(latencyNote(diff), 'dim'), width),
  ];
}

function openLines({ notCompared }: Diff, width: number): readonly Line[] {
  return notCompared.flatMap(({ what, place, because }) =>
    fill([run('?     ', 'notice')], words(`${what}${place === null ? '' : ` in ${place}`}: ${because}`), width),
  );
}
