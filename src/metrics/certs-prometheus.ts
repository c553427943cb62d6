// Owns the report of `probe certs` as Prometheus text: for node_exporter's textfile collector, a Pushgateway, or a pipe.
// Dates stand there also for chains that nobody trusts: an expired certificate must not look like a site that is down.
import { Registry } from 'prom-client';
import type { MetricSample } from '../contract/probe.ts';
import type { CertsReport, Place } from '../model/certs.ts';
import { verdicts } from '../model/journey.ts';
import { certsCatalogue } from './certs-catalogue.ts';
import { record } from './record.ts';

/** Series of one family: a list of ten thousand names with four addresses and three certificates each has more. */
const MAX_SERIES = 200_000;
const DROPPED = 'certs_series_dropped';

export async function certsPrometheus(report: CertsReport): Promise<string> {
  const registry = new Registry();
  const byFamily = Map.groupBy(samplesOf(report), ({ family }) => family);
  let dropped = 0;
  for (const family of certsCatalogue) {
    const of =
      family.name === DROPPED ? [{ family: DROPPED, labels: {}, value: dropped }] : (byFamily.get(family.name) ?? []);
    dropped += record(family, registry, { common: {}, most: MAX_SERIES }, of);
  }
  return registry.metrics();
}

function samplesOf(report: CertsReport): readonly MetricSample[] {
  const { verdict, startedAt, durationMs, complete, counts, places, problems } = report;
  const whole = (family: string, value: number): MetricSample => ({ family, labels: {}, value });
  return [
    whole('certs_verdict', verdicts.indexOf(verdict)),
    whole('certs_last_run_timestamp_seconds', Date.parse(startedAt) / 1000),
    whole('certs_duration_seconds', durationMs / 1000),
    whole('certs_complete', complete ? 1 : 0),
    whole('certs_targets', counts.targets),
    ...places.flatMap((place) => placeSamples(place, report)),
    ...problems.flatMap(({ id, severity, places: at }) =>
      at.map((place): MetricSample => ({ family: 'certs_problem', labels: { place, id, severity }, value: 1 })),
    ),
  ].filter(once());
}

function placeSamples(place: Place, { certificates }: CertsReport): readonly MetricSample[] {
  const where = { place: place.id };
  const sample = (family: string, value: number, labels: MetricSample['labels'] = {}): MetricSample => ({
    family,
    labels: { ...where, ...labels },
    value,
  });
  const flag = (family: string, value: boolean | null): readonly MetricSample[] =>
    value === null ? [] : [sample(family, value ? 1 : 0)];
  return [
    sample('certs_place_read', place.state === 'read' ? 1 : 0),
    ...(place.kind === 'file' ? [] : flag('certs_chain_trusted', place.trusted)),
    ...(place.kind === 'file' ? [] : flag('certs_hostname_matches', place.hostnameMatches)),
    ...place.chain.flatMap((fingerprint, index): readonly MetricSample[] => {
      const certificate = certificates[fingerprint];
      if (certificate === undefined) return [];
      const position = { position: String(index) };
      const { subject, issuer, serialHex, notBefore, notAfter } = certificate;
      const identity = { subject: subject ?? '', issuer: issuer ?? '', serial: serialHex, sha256: fingerprint };
      const time = (family: string, at: string | null): readonly MetricSample[] =>
        at === null ? [] : [sample(family, Date.parse(at) / 1000, position)];
      return [
        ...time('certs_not_after_timestamp_seconds', notAfter),
        ...time('certs_not_before_timestamp_seconds', notBefore),
        sample('certs_certificate_info', 1, { ...position, ...identity }),
      ];
    }),
  ];
}

/** The same problem may be said twice of one place, with other words: it is one series. */
function once(): (sample: MetricSample) => boolean {
  const seen = new Set<string>();
  return ({ family, labels }) => {
    const key = JSON.stringify([family, labels]);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  };
}
