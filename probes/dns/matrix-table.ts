// Owns how the agreement matrix is shown: the table of letters, then what each differing set holds and who tells it. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { enumeration, listing } from '../../src/model/finding.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import { visible, type WireText } from '../../src/model/text.ts';
import { errorWords } from './derive.ts';
import type { DnsEvidence } from './evidence.ts';
import { type Matrix, type MatrixCell, type MatrixColumn, type MatrixRow, matricesOf } from './matrix.ts';

/** Records, and tellers, written out for one set. */
const SHOWN = 6;

/** Always in full: for those who asked for every table. */
export function matrixBlocks(dns: DnsEvidence): readonly Block[] {
  return matricesOf(dns).filter(isWorthIt).flatMap(inFull);
}

/** In full where something differs; else one line that says so. */
export function agreementBlocks(dns: DnsEvidence): readonly Block[] {
  return matricesOf(dns)
    .filter(isWorthIt)
    .flatMap((matrix) => {
      const line: Block = { kind: 'facts', rows: [[`DNS agreement on ${matrix.entry}`, agreementWords(matrix)]] };
      return differs(matrix) ? inFull(matrix) : [line];
    });
}

/** Nobody agrees with himself. */
function isWorthIt({ rows }: Matrix): boolean {
  return rows.filter((row) => row.kind !== 'parent' && hasTold(row)).length > 1;
}

function hasTold({ cells }: MatrixRow): boolean {
  return cells.some((cell) => cell !== null && cell.state !== 'error');
}

/** Differences that nothing explains, failures included. */
function differs({ columns, rows, parent }: Matrix): boolean {
  if ((parent?.strayGlue.length ?? 0) > 0) return true;
  return columns.some(({ sets, chosen }, column) => {
    const failed = rows.some(({ cells }) => cells[column]?.state === 'error');
    return failed || (!chosen && sets.length > 1);
  });
}

function agreementWords({ columns, rows }: Matrix): string {
  const counted = (kind: MatrixRow['kind'], word: string) => {
    const n = rows.filter((row) => row.kind === kind && hasTold(row)).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`];
  };
  const tellers = [...counted('server', 'server'), ...counted('resolver', 'resolver')].join(' and ');
  const same = columns.filter(({ chosen, sets }) => !chosen || sets.length < 2).map(({ title }) => title);
  const chosen = columns.filter((one) => one.chosen && one.sets.length > 1).map(({ title }) => title);
  const except = chosen.length === 0 ? '' : `; ${listed(chosen)} chosen anew by the zone`;
  return `all ${tellers} agree${same.length === 0 ? '' : ` on ${listed(same)}`}${except}`;
}

function listed(words: readonly string[]): string {
  return enumeration(words).join('');
}

function inFull(matrix: Matrix): readonly Block[] {
  const { entry, columns, rows, empty } = matrix;
  const withNodes = rows.some(({ node }) => node !== null);
  const table: Block = {
    kind: 'table',
    columns: ['asked', ...columns.map(({ title }) => title), ...(withNodes ? ['node'] : [])],
    rows: rows.map((row): readonly Cell[] => [who(row), ...row.cells.map(cellWords), ...(withNodes ? [row.node] : [])]),
  };
  const none = empty.length === 0 ? [] : ([['nobody has', listed(empty)]] as const);
  const legend = [`who tells what of ${entry}`, '= as most servers, ≠ something else, ! no answer'] as const;
  return [
    { kind: 'facts', rows: [legend] },
    table,
    {
      kind: 'facts',
      rows: [
        ...parentFacts(matrix),
        ...none,
        ...columns.flatMap((column) => spelt(matrix, column)),
        ...failures(matrix),
        ...odd(matrix),
      ],
    },
  ];
}

/** What only the zone above says, and whether its addresses are those that the servers have. */
function parentFacts({ parent }: Matrix): readonly (readonly [string, Cell])[] {
  if (parent === null) return [];
  const { zone, dsCount, glue, strayGlue } = parent;
  const ds = dsCount === null ? [] : [dsCount === 0 ? 'no DS' : `${dsCount} DS`];
  const stray = strayGlue.map(({ name, address }) => `${visible(name)} at ${address}`);
  const addresses =
    stray.length > 0
      ? `glue ≠ ${some(stray)}`
      : `${glue} glue address${glue === 1 ? '' : 'es'}, as the servers have them`;
  return [
    [`parent ${zone === '.' ? '(the root)' : zone} says`, [...ds, glue === 0 ? 'no glue' : addresses].join('; ')],
  ];
}

function cellWords(cell: MatrixCell | null): string | null {
  if (cell === null) return null;
  if (cell.state === 'error') return '!';
  return `${cell.state === 'same' ? '=' : '≠'} ${cell.mark}`;
}

/** The address first: it stays when the cell is cut. */
function who({ name, address }: MatrixRow): string {
  return address === null ? name : `${address} ${name}`;
}

function whoInFull(row: MatrixRow): string {
  return row.node === null ? who(row) : `${who(row)} (node ${visible(row.node)})`;
}

/** Each set of a column in which not all tell the same. */
function spelt({ rows }: Matrix, { title, sets, chosen }: MatrixColumn): readonly (readonly [string, Cell])[] {
  if (sets.length < 2) return [];
  return sets.map(({ mark, records, rows: tellers }) => {
    const data = records.length === 0 ? nothing(mark) : some(records.map(shown));
    const by = some(tellers.flatMap((row) => rows[row] ?? []).map(whoInFull));
    return [`${title} ${mark}`, `${data}; told by ${by}${chosen ? '; the zone chooses' : ''}`];
  });
}

function nothing(mark: string): string {
  return mark === 'none' ? 'no such record' : 'the name does not exist';
}

function shown(record: WireText): string {
  return visible(record);
}

function some(words: readonly string[]): string {
  return listing(words, SHOWN).join('');
}

function failures({ columns, rows }: Matrix): readonly (readonly [string, Cell])[] {
  return rows.flatMap((row) => {
    const failed = row.cells.flatMap((cell, column) =>
      cell?.error ? [{ error: cell.error, title: columns[column]?.title ?? '' }] : [],
    );
    return [...Map.groupBy(failed, ({ error }) => error)].map(
      ([error, same]) =>
        [`no answer of ${whoInFull(row)}`, `${listed(same.map(({ title }) => title))}: ${says(error)}`] as const,
    );
  });
}

function says(error: NonNullable<MatrixCell['error']>): string {
  return error === 'not-authoritative' ? errorWords(error) : problemCatalogue[error].says;
}

/** Servers and resolvers that differ from most where nothing explains it. */
function odd({ columns, rows }: Matrix): readonly (readonly [string, Cell])[] {
  return rows.flatMap((row) => {
    const titles = columns.filter(({ chosen }, column) => !chosen && row.cells[column]?.state === 'differs');
    if (titles.length === 0) return [];
    return [['odd one out', `${whoInFull(row)} in ${listed(titles.map(({ title }) => title))}`] as const];
  });
}
