// Holds what is questioned in a blackbox.yml, and that the exporter's own example gets no more than it deserves.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { lintBlackbox, RULES } from '../config/lint.ts';
import { ALERT_RULES, lintRules, rulesIn } from '../config/lint-rules.ts';
import { readBlackboxConfig } from '../config/read.ts';
import { goRegexp } from '../go/regexp.ts';

const rulesOf = (module: string): readonly string[] =>
  lintBlackbox(readBlackboxConfig(`modules: {m: ${module}}`), (pattern) => goRegexp(pattern) !== null).map(
    ({ rule }) => rule,
  );

const JWT = 'client_id: c, token_url: "http://t", grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer"';

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
  [`{prober: http, http: {oauth2: {${JWT}}}}`, ['unsigned-grant']],
  [`{prober: http, http: {oauth2: {${JWT}, client_certificate_key_file: f}}}`, []],
  [
    '{prober: websocket, websocket: {http_config: {oauth2: {client_id: c, token_url: "http://t"}}}}',
    ['unheeded-client'],
  ],
  ['{prober: websocket, websocket: {http_config: {proxy_url: "http://p"}}}', ['unheeded-client']],
  ['{prober: http, http: {proxy_url: "http://p"}}', []],
  ['{prober: http, http: {headers: {Accept-Encoding: gzip}, fail_if_body_matches_regexp: [a]}}', ['never-decoded']],
];

test.each(CASES)('%s', (module, rules) => expect(rulesOf(module)).toEqual(rules));

test('every rule has a case that it speaks in', () =>
  expect([...new Set(CASES.flatMap(([, rules]) => rules))].toSorted()).toEqual(RULES.toSorted()));

const [CAREFUL, CARELESS] = [
  '{prober: http}',
  '{prober: tcp, tcp: {tls: true, tls_config: {insecure_skip_verify: true}}}',
];
const alertsOf = (
  module: string,
  rules: readonly object[],
  wrap = (groups: object): object => ({ groups }),
): readonly string[] =>
  lintRules(rulesIn(wrap([{ name: 'g', rules }])), readBlackboxConfig(`modules: {m: ${module}}`)).map(
    ({ alert, rule }) => `${alert} ${rule}`,
  );
const DAYS = '- time() < 86400 * 14';
const LAST = 'probe_ssl_last_chain_expiry_timestamp_seconds';

const ALERTS: readonly (readonly [expr: string, module: string, rules: readonly string[]])[] = [
  [`probe_ssl_earliest_cert_expiry ${DAYS}`, CAREFUL, ['silent-expiry']],
  [`${LAST} ${DAYS}`, CAREFUL, ['silent-expiry']],
  [`${LAST} ${DAYS}`, CARELESS, ['silent-expiry', 'nonsense-expiry']],
  [`(${LAST} > 0) ${DAYS}`, CARELESS, ['silent-expiry']],
  [`probe_ssl_breaks_timestamp_seconds ${DAYS}`, CARELESS, []],
  [`probe_ssl_breaks_timestamp_seconds ${DAYS} or probe_ssl_earliest_cert_expiry ${DAYS}`, CAREFUL, []],
  [
    `probe_ssl_earliest_cert_expiry ${DAYS} and probe_success == 1`,
    CAREFUL,
    ['silent-expiry', 'expiry-tied-to-success'],
  ],
  [
    `probe_ssl_breaks_timestamp_seconds ${DAYS} and on (instance) probe_success{job="x"}==1`,
    CAREFUL,
    ['expiry-tied-to-success'],
  ],
  ['probe_success == 0', CARELESS, []],
  ['probe_success == 1', CARELESS, []],
  ['up{a="probe_ssl_earliest_cert_expiry"} == 0 # probe_ssl_earliest_cert_expiry', CARELESS, []],
  ['my_probe_ssl_earliest_cert_expiry + job:probe_ssl_earliest_cert_expiry:min < 1', CARELESS, []],
];

test.each(ALERTS)('an alert on %s', (expr, module, rules) =>
  expect(alertsOf(module, [{ alert: 'A', expr }])).toEqual(rules.map((rule) => `A ${rule}`)),
);

test('an alert is asked what the series that it uses were recorded from', () => {
  const rules = [
    { record: 'left:seconds', expr: `probe_ssl_earliest_cert_expiry - time()` },
    { record: 'left:days', expr: 'left:seconds / 86400' },
    { record: 'loop', expr: 'loop + loop' },
    { alert: 'A', expr: 'left:days < 14' },
    { alert: 'B', expr: 'loop > 1' },
  ];
  expect(alertsOf(CAREFUL, rules)).toEqual(['A silent-expiry']);
  expect(alertsOf(CAREFUL, rules, (groups) => ({ kind: 'PrometheusRule', spec: { groups } }))).toEqual([
    'A silent-expiry',
  ]);
});

test('every rule for alerts has a case that it speaks in', () =>
  expect([...new Set(ALERTS.flatMap(([, , rules]) => rules))].toSorted()).toEqual(ALERT_RULES.toSorted()));

test.each([null, 1, [], { groups: 1 }, { groups: [1, { rules: [null, { expr: 1 }] }] }, { spec: null }])(
  '%j has no rules',
  (value) => expect(rulesIn(value)).toEqual([]),
);

test('our own rules are asked for nothing', () => {
  const own = rulesIn(parse(readFileSync('deploy/prometheus/rules.yml', 'utf8')));
  expect(own.length).toBeGreaterThan(10);
  expect(lintRules(own, readBlackboxConfig(`modules: {m: ${CARELESS}}`))).toEqual([]);
});
