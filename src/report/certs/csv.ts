// Owns the CSV report of `probe certs`: a line for every certificate of every place, and one for a place that showed none.
import { type CertsReport, daysUntil, type Place } from '../../model/certs.ts';
import { problemCatalogue } from '../../model/problem.ts';
import { visible } from '../../model/text.ts';
import { csvLine } from '../escape/csv.ts';

const HEADER = [
  ...['place', 'target', 'endpoint', 'state', 'position', 'days_left', 'not_before', 'not_after', 'subject', 'issuer'],
  ...[
    'serial',
    'sha256',
    'names',
    'key_type',
    'key_bits',
    'signature_algorithm',
    'trusted',
    'hostname_matches',
    'problems',
  ],
];

export function certsCsv(report: CertsReport): string {
  const ids = new Map<string, string[]>();
  for (const { places, id, severity } of report.problems)
    for (const place of places) ids.set(place, [...(ids.get(place) ?? []), `${severity} ${id}`]);
  const lines = report.places.flatMap((place) => linesOf(place, report, (ids.get(place.id) ?? []).join(' ')));
  return [csvLine(HEADER), ...lines].join('');
}

function linesOf(place: Place, { certificates, asOf }: CertsReport, problems: string): readonly string[] {
  const isEndpoint = place.kind === 'endpoint';
  const head = [place.id, isEndpoint ? place.target : place.path, isEndpoint ? place.endpoint : null];
  const trust = isEndpoint ? [place.trusted, place.hostnameMatches] : [null, null];
  const nothing = Array.from({ length: 12 }, () => null);
  if (place.chain.length === 0) return [csvLine([...head, whyNot(place), ...nothing, ...trust, problems])];
  return place.chain.map((fingerprint, position) => {
    const certificate = certificates[fingerprint];
    const { notBefore = null, notAfter = null, sans = [] } = certificate ?? {};
    return csvLine([
      ...[...head, place.state, position, daysUntil(notAfter, asOf), notBefore, notAfter],
      ...[certificate?.subject ?? null, certificate?.issuer ?? null, certificate?.serialHex ?? null, fingerprint],
      ...[sans.map((name) => visible(name)).join(' '), certificate?.keyType ?? null, certificate?.keyBits ?? null],
      ...[certificate?.signatureAlgorithm ?? null, ...trust, position === 0 ? problems : ''],
    ]);
  });
}

function whyNot(place: Place): string {
  if (place.kind === 'file') return `${place.state}: ${place.because ?? ''}`;
  return place.problem === null ? place.state : `${place.state}: ${problemCatalogue[place.problem.code].says}`;
}
