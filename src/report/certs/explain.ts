// Owns `probe certs --explain`: each chain as a tree from the server's certificate to a root, lifetimes on a common axis, and all that
// is wrong in words. Made from the report alone; what strangers wrote goes through the terminal's escape.
import type { CertificateRecord } from '../../model/certificate-schema.ts';
import { type CertsReport, type ChainVerdict, daysUntil, type Place } from '../../model/certs.ts';
import type { Fingerprint } from '../../model/trace.ts';
import { plural } from '../numbers.ts';
import { NARROWEST } from '../text/layout.ts';
import { blank, type Line, paint, type Run, run } from '../text/run.ts';
import { clip, widthOf } from '../text/width.ts';
import { fill, words } from '../text/wrap.ts';
import { chainTree, type Drawn } from './chain-tree.ts';
import { type Axis, axisLine, axisOf, validityBar } from './validity-bar.ts';

export interface ExplainView {
  readonly columns: number;
  readonly colour: boolean;
}

/** From here on a certificate takes one line; below it the bar stands under the name. */
const WIDE = 76;
const MAX_EXTRAS = 40;

interface Drawing {
  readonly report: CertsReport;
  readonly place: Place;
  readonly axis: Axis;
  readonly columns: number;
  readonly layout: Layout;
}

interface Layout {
  readonly name: number;
  readonly bar: number;
  readonly isWide: boolean;
}

const SENT = 4;
const KEY = 8;
const LEFT = 10;
const GAP = 2;

function layoutOf(columns: number): Layout {
  if (columns < WIDE) return { name: columns - SENT - GAP, bar: columns - LEFT - GAP * 2, isWide: false };
  const room = columns - SENT - KEY - LEFT - GAP * 4;
  const bar = Math.min(64, Math.floor(room * 0.45));
  return { name: room - bar, bar, isWide: true };
}

export function certsExplained(report: CertsReport, { columns, colour }: ExplainView): string {
  const width = Math.max(NARROWEST, columns);
  const alike = Map.groupBy(report.places, ({ id, chain, verdict }) =>
    chain.length === 0 ? id : JSON.stringify([chain, verdict]),
  );
  const blocks = [...alike.values()].map((places) => blockOf(report, places, width));
  return paint(
    blocks.flatMap((block, index) => (index === 0 ? block : [[], ...block])),
    colour,
  );
}

function blockOf(report: CertsReport, places: readonly Place[], columns: number): readonly Line[] {
  const [place] = places;
  if (place === undefined) return [];
  const heads = places.flatMap((one) => fill([], [run(one.id, 'strong'), ...words(stateOf(one), 'dim')], columns));
  if (place.chain.length === 0) return heads;
  const { onPath, extras } = chainTree(place);
  const shown = [...onPath.flatMap((one) => (one.kind === 'certificate' ? [one.fingerprint] : [])), ...extras];
  const lifetimes = shown.flatMap((fingerprint) => report.certificates[fingerprint] ?? []);
  const axis = axisOf(lifetimes, Date.parse(report.asOf));
  const drawing: Drawing = { report, place, axis, columns, layout: layoutOf(columns) };
  return [
    ...heads,
    ...verdictLines(place, report, columns),
    [],
    axisOfTable(drawing),
    ...onPath.flatMap((one) => rowsOf(one, drawing)),
    ...extraLines(extras, drawing),
  ];
}

function stateOf(place: Place): string {
  if (place.kind === 'file') return place.because ?? place.format ?? 'a file';
  if (place.chain.length === 0)
    return `no certificate was shown${place.problem === null ? '' : `: ${place.problem.code}`}`;
  return `${place.protocol ?? 'TLS'}, ${plural(place.certificatesSent, 'certificate')} sent`;
}

function verdictLines({ verdict }: Place, report: CertsReport, columns: number): readonly Line[] {
  if (verdict === undefined) return [];
  const [longest, ...others] = verdict.paths;
  if (!verdict.valid || longest === undefined)
    return fill([run('REFUSED  ', 'critical')], words('No way to a trusted root holds.'), columns);
  const subject = report.certificates[longest.endsBy]?.subject ?? null;
  const ways = others.length === 0 ? 'One way' : `${others.length + 1} ways`;
  const says = [
    ...words(
      `${ways} to a trusted root; ${others.length === 0 ? 'it' : 'the longest-lived'} holds until ${dayOf(longest.endsAt)}, when`,
    ),
    ...(subject === null ? [] : words(subject)),
    ...words('ends.'),
  ];
  return fill([run('TRUSTED  ', 'ok')], says, columns);
}

const dayOf = (rfc3339: string): string => rfc3339.slice(0, 10);

/** The heads of the columns; where now is on the axis. */
function axisOfTable({ layout, axis }: Drawing): Line {
  const dim = (text: string, width: number): Run => run(text.padEnd(width), 'dim');
  const scale = run(axisLine(axis, layout.bar), 'dim');
  if (!layout.isWide) return [blank(GAP), scale];
  const gap = blank(GAP);
  return [
    ...[dim('certificate', layout.name), gap, dim('sent', SENT), gap, dim('key', KEY), gap],
    ...[scale, gap, run('days left'.padStart(LEFT), 'dim')],
  ];
}

function rowsOf(one: Drawn, drawing: Drawing): readonly Line[] {
  if (one.kind === 'missing') {
    const name = one.name === null ? [] : words(one.name);
    return fill([run(`${one.lead}? `, 'warning')], [...name, ...words('(nobody has it)', 'dim')], drawing.columns);
  }
  const certificate = drawing.report.certificates[one.fingerprint];
  const rows = certificate === undefined ? [] : certificateRows(one.lead, one.fingerprint, certificate, drawing);
  const indent = Math.min(widthOf(one.lead) + GAP, Math.floor(drawing.columns / 2));
  return [...rows, ...faultLines(one.fingerprint, drawing.place.verdict, indent, drawing.columns)];
}

function certificateRows(
  lead: string,
  fingerprint: Fingerprint,
  certificate: CertificateRecord,
  { layout, place, axis, report }: Drawing,
): readonly Line[] {
  const left = daysUntil(certificate.notAfter, report.asOf);
  const style = left !== null && left < 0 ? 'critical' : 'plain';
  const at = place.chain.indexOf(fingerprint);
  const sent = at < 0 ? 'no' : `${at + 1}`;
  const subject = run(certificate.subject ?? 'a name that cannot be read').text;
  const room = Math.max(4, layout.name - widthOf(lead));
  const name = clip(subject === '' ? run(certificate.sans[0] ?? 'no name').text : subject, room);
  const names = [run(lead, 'dim'), run(name, lead === '' ? 'strong' : 'plain')];
  const pad = blank(layout.name - widthOf(lead) - widthOf(name));
  const bar = run(validityBar(certificate, axis, layout.bar), style);
  const days = run((left === null ? '-' : `${left}`).padStart(LEFT), style);
  const gap = blank(GAP);
  if (layout.isWide) {
    return [
      [...names, pad, gap, run(sent.padEnd(SENT)), gap, run(keyOf(certificate).padEnd(KEY)), gap, bar, gap, days],
    ];
  }
  const where = at < 0 ? 'not sent' : `sent as number ${sent}`;
  return [
    names,
    [gap, bar],
    ...fill(
      [gap],
      words(`${keyOf(certificate)}, ${where}, ${left === null ? 'no end' : `${left} days left`}`, 'dim'),
      layout.name,
    ),
  ];
}

/** Names of NIST (FIPS 186) for those of OpenSSL. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'EC P-256',
  secp384r1: 'EC P-384',
  secp521r1: 'EC P-521',
};

function keyOf({ keyType, keyBits, curve }: CertificateRecord): string {
  return clip(
    run(
      curve === null ? (keyBits === null ? (keyType ?? '-') : `${keyType ?? ''} ${keyBits}`) : (CURVES[curve] ?? curve),
    ).text,
    KEY,
  );
}

function faultLines(
  fingerprint: Fingerprint,
  verdict: ChainVerdict | undefined,
  indent: number,
  columns: number,
): readonly Line[] {
  const own = verdict?.faults.filter(({ certificate }) => certificate === fingerprint) ?? [];
  return own.flatMap(({ fatal, says, about }) => {
    const mark = fatal ? run('✗ ', 'critical') : run('· ', 'notice');

    return fill(
      [blank(indent), mark],
      [...words(`The certificate ${says}${about === null ? '' : ':'}`), ...(about === null ? [] : words(about))],
      columns,
    );
  });
}

function extraLines(extras: readonly Fingerprint[], drawing: Drawing): readonly Line[] {
  if (extras.length === 0) return [];
  const rows = extras
    .slice(0, MAX_EXTRAS)
    .flatMap((fingerprint) => rowsOf({ kind: 'certificate', lead: '', fingerprint }, drawing));
  const more = extras.length - MAX_EXTRAS;
  const rest = more > 0 ? [[run(`and ${more} more`, 'dim')]] : [];
  const title =
    drawing.place.kind === 'file' ? 'Beside it, on no way to a root:' : 'Sent for nothing, on no way to a root:';
  return [[], ...fill([], words(title, 'notice'), drawing.columns), ...rows, ...rest];
}
