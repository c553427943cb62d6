// Owns the list of every metric family of `probe certs`. The README's table says the same (a test). `place` is `target address:port`, or
// a file; figures carry it and the position in the chain only, so that a renewed certificate is the same series.
import { type Family, family } from './catalogue.ts';

export const certsCatalogue: readonly Family[] = [
  family('certs_verdict', 'gauge', 'Verdict of the last sweep: 0 ok, 1 warning, 2 critical, 3 unknown.'),
  family('certs_last_run_timestamp_seconds', 'gauge', 'When the last sweep began, Unix time.'),
  family('certs_duration_seconds', 'gauge', 'How long the last sweep took.'),
  family('certs_complete', 'gauge', '1 when the last sweep came to its end, 0 when it was cut short.'),
  family('certs_targets', 'gauge', 'Targets and files that were asked for.'),
  family('certs_place_read', 'gauge', '1 when certificates were seen there.', 'place'),
  family('certs_not_after_timestamp_seconds', 'gauge', 'End of validity, Unix time.', 'place', 'position'),
  family('certs_not_before_timestamp_seconds', 'gauge', 'Begin of validity, Unix time.', 'place', 'position'),
  family('certs_chain_trusted', 'gauge', '1 when the chain leads to a trusted root.', 'place'),
  family('certs_hostname_matches', 'gauge', '1 when the certificate is for the name that was asked for.', 'place'),
  family(
    'certs_certificate_info',
    'gauge',
    'Always 1; who the certificate is.',
    'place',
    'position',
    'subject',
    'issuer',
    'serial',
    'sha256',
  ),
  family('certs_problem', 'gauge', '1 while the problem stands.', 'place', 'id', 'severity'),
  family('certs_series_dropped', 'gauge', 'Series that were left out for their number.'),
];
