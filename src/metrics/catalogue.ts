// Owns the list of every metric family that one journey gives: name, type, help, labels. The README's table says the same (a test).

export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  /** Beside `target`, which every family has. */
  readonly labels: readonly string[];
}

const place = ['endpoint', 'zone'] as const;

export const catalogue: readonly Family[] = [
  family('journey_verdict', 'gauge', 'Verdict of the last journey: 0 ok, 1 warning, 2 critical, 3 unknown.'),
  family('journey_last_run_timestamp_seconds', 'gauge', 'When the last journey began, Unix time.'),
  family('journey_duration_seconds', 'gauge', 'How long the last journey took.'),
  family('journey_complete', 'gauge', '1 when the last journey came to its end, 0 when it was cut short.'),
  family('journey_endpoints', 'gauge', 'Addresses ridden, by zone.', 'zone'),
  family(
    'journey_hop_duration_seconds',
    'histogram',
    'Durations of a phase of a request in the last journey; in probe serve, in all since it began.',
    'hop',
    ...place,
  ),
  family(
    'journey_hop_quantile_seconds',
    'gauge',
    'Exact percentile over the samples of the last journey; absent where they cannot bound it.',
    'hop',
    ...place,
    'percentile',
  ),
  family(
    'journey_hop_uncertainty_seconds',
    'gauge',
    'No sample is further from the truth than this; absent where nobody can say. By the clock of the kernel or of the event loop.',
    'hop',
    ...place,
    'clock',
  ),
  family(
    'journey_hop_retransmits_total',
    'counter',
    'Segments that the kernel sent again within the phase, SYNs in connect; 0 also where nobody counted. Over the same journeys.',
    'hop',
    ...place,
  ),
  family(
    'journey_hop_attempts_total',
    'counter',
    'Samples that began the phase. Over the same journeys.',
    'hop',
    ...place,
  ),
  family(
    'journey_hop_failures_total',
    'counter',
    'Samples that ended in the phase with a problem; total counts them once more. Over the same journeys.',
    'hop',
    ...place,
    'reason',
  ),
  family('journey_finding', 'gauge', '1 while the finding stands.', 'id', 'severity', ...place),
  family(
    'journey_dns_record_ttl_seconds',
    'gauge',
    'Lifetime of the record set, as an authority gives it where one was asked.',
    'name',
    'type',
  ),
  family('journey_dns_shift_seconds', 'gauge', 'How long a record change takes to be seen.', 'kind'),
  family(
    'journey_dns_lever_seconds',
    'gauge',
    'How long it takes at worst until traffic has moved, by what is changed.',
    'lever',
    'name',
    'type',
  ),
  family(
    'journey_dns_routing_info',
    'gauge',
    '1; by which policy the name servers choose their answers.',
    'name',
    'type',
    'policy',
  ),
  family(
    'journey_dns_resolver_up',
    'gauge',
    '1 when the resolver answers for the name, for both families.',
    'resolver',
  ),
  family(
    'journey_dns_signature_expiry_timestamp_seconds',
    'gauge',
    'When the first DNSSEC signature of the zone on the way to the name expires, or did at one of its servers, Unix time.',
    'dns_zone',
  ),
  family(
    'journey_dns_dnssec_state',
    'gauge',
    '1 for the state of the name (secure, insecure, bogus, not-checked), 0 for the others.',
    'state',
  ),
  family(
    'journey_dns_zone_rtt_seconds',
    'gauge',
    'Fastest answer of a name server of the zone, on the way from the root to the name.',
    'dns_zone',
  ),
  family(
    'journey_dns_delegation_ttl_seconds',
    'gauge',
    'Lifetime of the NS records of the zone at the zone above it.',
    'dns_zone',
  ),
  family('journey_dns_walk_complete', 'gauge', '1 when the walk from the root came to the zone.', 'dns_zone'),
  family('journey_dns_serial', 'gauge', 'SOA serial at the name server address.', 'dns_zone', 'server', 'address'),
  family(
    'journey_dns_name_server_up',
    'gauge',
    '1 when the name server address answers for the zone.',
    'dns_zone',
    'server',
    'address',
  ),
  family(
    'journey_tls_certificate_not_after_timestamp_seconds',
    'gauge',
    'End of validity of the certificate at this position of the chain as sent, Unix time.',
    ...place,
    'position',
    'subject',
    'issuer',
    'serial',
  ),
  family(
    'journey_tls_ocsp_next_update_timestamp_seconds',
    'gauge',
    'When the stapled OCSP response ends, Unix time.',
    ...place,
  ),
  family(
    'journey_tls_certificate_revoked',
    'gauge',
    '1 when a staple or the issuer says that the certificate is revoked, 0 when they say that it is not.',
    'subject',
    'issuer',
    'serial',
  ),
  family(
    'journey_tls_crl_next_update_timestamp_seconds',
    'gauge',
    'When the revocation list at this URL ends, Unix time.',
    'url',
  ),
  family(
    'journey_tls_certificate_life_used_ratio',
    'gauge',
    'Part of the life of the server certificate that had passed when the journey began; above 1 when it has expired.',
    ...place,
  ),
  family(
    'journey_tls_chain_first_death_timestamp_seconds',
    'gauge',
    'When the last path that holds from the server certificate to a trusted root ends, Unix time.',
    ...place,
  ),
  family('journey_tls_chain_trusted', 'gauge', '1 when the chain as sent leads to a trusted root.', ...place),
  family('journey_tls_hostname_matches', 'gauge', '1 when the certificate is for the name that was asked.', ...place),
  family(
    'journey_tls_protocol_offered',
    'gauge',
    '1 when the endpoint takes the protocol (SSLv3 to TLSv1.3), 0 when it refuses it.',
    ...place,
    'protocol',
  ),
  family(
    'journey_balancer_callers_share',
    'gauge',
    'Part of the callers of its address family that DNS sends to the address, 0 to 1.',
    ...place,
  ),
  family(
    'journey_balancer_resent_connections',
    'gauge',
    'Connections of the last journey that took more than one SYN.',
    ...place,
  ),
  family('journey_hosts_estimate', 'gauge', 'Estimated number of hosts behind the address.', ...place),
  family(
    'journey_layers_quantile_seconds',
    'gauge',
    'Own part of a layer in the time to the first byte, percentile over the last journey.',
    'layer',
    'signal',
    ...place,
    'percentile',
  ),
  family('journey_access_rate_limit', 'gauge', 'Size of the announced rate limit that strikes first.'),
  family(
    'journey_access_rate_limit_remaining',
    'gauge',
    'Requests left in the announced rate-limit window, the lowest seen.',
  ),
  family('journey_access_dependency_up', 'gauge', '0 when the declared dependency did not answer.', 'dependency'),
  family('journey_access_found_limit_per_second', 'gauge', 'Rate at which --find-limit was turned away.'),
  family('journey_access_found_open_requests', 'gauge', 'Requests that --find-limit-open could hold open at once.'),
  family('journey_access_throttled_answers', 'gauge', 'Answers of the last journey with status 429.'),
  family(
    'journey_steps_success',
    'gauge',
    '1 when the step of the journey file passed in every round of the last journey.',
    'step',
  ),
  family(
    'journey_steps_duration_seconds',
    'gauge',
    'The step from its begin to its end, median of the rounds.',
    'step',
  ),
  family('journey_path_reached', 'gauge', '1 when a traced flow got to the address.', ...place),
  family(
    'journey_path_routers',
    'gauge',
    'Routers between here and the address, on the longest traced flow.',
    ...place,
  ),
  family(
    'journey_path_mtu_bytes',
    'gauge',
    'Largest packet that gets through to the address, as far as it was told or tried.',
    ...place,
  ),
  family('journey_series_dropped', 'gauge', 'Series left out because a family reached its bound.'),
];

export function family(name: string, type: Family['type'], help: string, ...labels: readonly string[]): Family {
  return { name, type, help, labels };
}
