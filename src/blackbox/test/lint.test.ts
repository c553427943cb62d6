// Holds what is questioned in a blackbox.yml, and that the exporter's own example gets no more than it deserves.
import { expect, test } from 'vitest';
import { lintBlackbox, RULES } from '../config/lint.ts';
import { readBlackboxConfig } from '../config/read.ts';
import { goRegexp } from '../go/regexp.ts';

const rulesOf = (module: string): readonly string[] =>
  lintBlackbox(readBlackboxConfig(`modules: {m: ${module}}`), (pattern) => goRegexp(pattern) !== null).map(
    ({ rule }) => rule,
  );

const CASES: readonly (readonly [module: string, rules: readonly string[]])[] = [
  ['{prober: http, timeout: 5s}', []],
  ['{prober: http, timeout: 5s, http: {method: GET}}', []],
  ['{prober: tcp, tcp: {tls: true}, http: {}}', []],
  ['{prober: tcp, http: {method: POST}}', ['dead-block']],
  ['{prober: http, dns: {query_name: a}, tcp: {tls: true}}', ['dead-block', 'dead-block']],
  ['{prober: tcp, timeout: 10s}', ['masked-timeout']],
  ['{prober: http, timeout: 15s}', ['masked-timeout', 'handshake-capped']],
  ['{prober: http, http: {tls_config: {insecure_skip_verify: true}}}', ['unverified-expiry']],
  ['{prober: websocket, websocket: {http_config: {tls_config: {insecure_skip_verify: true}}}}', ['unverified-expiry']],
  ['{prober: tcp, tcp: {query_response: [{starttls: true}]}}', ['starttls-without-step']],
  ['{prober: tcp, tcp: {query_response: [{expect: "^220"}, {starttls: true}]}}', []],
  ['{prober: tcp, tcp: {query_response: [{expect: ".*"}]}}', ['pattern-fits-all']],
  ['{prober: dns, dns: {query_name: a, validate_answer_rrs: {fail_if_all_match_regexp: [a]}}}', ['inverted-all-match']],
  [
    '{prober: dns, dns: {query_name: a, validate_authority_rrs: {fail_if_matches_regexp: ["(?=a)"]}}}',
    ['unusable-pattern'],
  ],
  ['{prober: http, http: {ip_protocol_fallback: false}}', ['family-without-fallback']],
  ['{prober: http, outrider: {all_addresses: true, quorum: any, zones: {a: 192.0.2.1}}}', ['extension']],
  ['{prober: http, outrider: {quorum: any}}', ['extension', 'unused-extension']],
  ['{prober: tcp, timeout: 2s, outrider: {confirm: 1}}', ['extension', 'squeezed-attempts']],
  ['{prober: tcp, timeout: 5s, outrider: {confirm: {times: 1, after: 1s}}}', ['extension']],
  ['{prober: http, http: {headers: {Accept-Encoding: gzip}, fail_if_body_matches_regexp: [a]}}', ['never-decoded']],
];

test.each(CASES)('%s', (module, rules) => expect(rulesOf(module)).toEqual(rules));

test('every rule has a case that it speaks in', () =>
  expect([...new Set(CASES.flatMap(([, rules]) => rules))].toSorted()).toEqual(RULES.toSorted()));
