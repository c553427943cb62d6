// Owns what both exporters are asked: modules in the words that 0.23 knows, each with targets, and where the two must differ, why.
import type { Servers } from './blackbox-servers.ts';
import { PATHS } from './odd-answers.ts';

export interface Case {
  readonly module: string;
  readonly target: string;
  /** Added to the query of /probe. */
  readonly more?: string;
  /** What both must say. */
  readonly success: 0 | 1;
}

type Modules = Readonly<Record<string, string>>;

/** One line a module: what stands behind its name. `ROOT` is the file of the servers' root. */
const HTTP: Modules = {
  http_2xx: '{prober: http, timeout: 3s}',
  http_any: '{prober: http, timeout: 3s, http: {valid_status_codes: [200, 302, 404, 503]}}',
  http_stay: '{prober: http, timeout: 3s, http: {follow_redirects: false, valid_status_codes: [302]}}',
  http_stay_old: '{prober: http, timeout: 3s, http: {no_follow_redirects: true}}',
  http_post:
    '{prober: http, timeout: 3s, http: {method: POST, body: "{}", headers: {X-One: two, Host: other.example}, fail_if_body_not_matches_regexp: ["POST other.example two"]}}',
  http_head: '{prober: http, timeout: 3s, http: {method: HEAD}}',
  http_auth:
    '{prober: http, timeout: 3s, http: {basic_auth: {username: u, password: p}, fail_if_body_not_matches_regexp: ["Basic dTpw$"]}}',
  http_bearer:
    '{prober: http, timeout: 3s, http: {bearer_token: abc, fail_if_body_not_matches_regexp: ["Bearer abc$"]}}',
  http_body: '{prober: http, timeout: 3s, http: {fail_if_body_not_matches_regexp: ["(?i)WELCOME", "all is well"]}}',
  http_body_bad: '{prober: http, timeout: 3s, http: {fail_if_body_matches_regexp: ["all is"]}}',
  http_body_missing: '{prober: http, timeout: 3s, http: {fail_if_body_not_matches_regexp: ["nowhere"]}}',
  http_header:
    '{prober: http, timeout: 3s, http: {fail_if_header_not_matches: [{header: X-State, regexp: "^ready$"}]}}',
  http_header_bad: '{prober: http, timeout: 3s, http: {fail_if_header_matches: [{header: X-State, regexp: "ready"}]}}',
  http_header_missing:
    '{prober: http, timeout: 3s, http: {fail_if_header_not_matches: [{header: X-None, regexp: "x"}]}}',
  http_header_allowed:
    '{prober: http, timeout: 3s, http: {fail_if_header_matches: [{header: X-None, regexp: "x", allow_missing: true}]}}',
  http_gzip: '{prober: http, timeout: 3s, http: {compression: gzip, fail_if_body_not_matches_regexp: [Welcome]}}',
  http_gzip_limit: '{prober: http, timeout: 3s, http: {compression: gzip, body_size_limit: 10B}}',
  http_br: '{prober: http, timeout: 3s, http: {compression: br, fail_if_body_not_matches_regexp: [Welcome]}}',
  http_limit: '{prober: http, timeout: 3s, http: {body_size_limit: 10B}}',
  http_11: '{prober: http, timeout: 3s, http: {valid_http_versions: ["HTTP/1.1"]}}',
  http_2: '{prober: http, timeout: 3s, http: {valid_http_versions: ["HTTP/2.0"]}}',
  http_ssl: '{prober: http, timeout: 3s, http: {fail_if_not_ssl: true, tls_config: {ca_file: ROOT}}}',
  http_no_ssl: '{prober: http, timeout: 3s, http: {fail_if_ssl: true, tls_config: {ca_file: ROOT}}}',
  http_careless: '{prober: http, timeout: 3s, http: {tls_config: {insecure_skip_verify: true}}}',
  http_ip4: '{prober: http, timeout: 3s, http: {preferred_ip_protocol: ip4, ip_protocol_fallback: false}}',
  http_ip6: '{prober: http, timeout: 3s, http: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}}',
  http_quick: '{prober: http, timeout: 400ms}',
  http_odd: '{prober: http, timeout: 3s, http: {valid_status_codes: [200, 204, 101, 302]}}',
  http_odd_text: '{prober: http, timeout: 3s, http: {fail_if_body_not_matches_regexp: [abc]}}',
  http_fields:
    '{prober: http, timeout: 3s, http: {method: POST, body: "x", headers: {zz: "1", Aa: "2", user-agent: me, content-length: "9"}, fail_if_body_not_matches_regexp: ["User-Agent: me.Content-Length: 1.Aa: 2.Zz: 1.Connection: close.[|]x"]}}',
  http_no_agent:
    '{prober: http, timeout: 3s, http: {headers: {User-Agent: "", Connection: close}, fail_if_body_not_matches_regexp: ["Host: [0-9.:]+.Connection: close.[|]$"]}}',
  http_upgrade:
    '{prober: http, timeout: 3s, http: {headers: {Upgrade: foo, Connection: Upgrade}, fail_if_body_not_matches_regexp: ["Connection: Upgrade.Upgrade: foo.[|]$"]}}',
  http_user:
    '{prober: http, timeout: 3s, http: {basic_auth: {username: a, password: b}, fail_if_body_not_matches_regexp: ["Basic dTpw"]}}',
};

const TCP: Modules = {
  tcp: '{prober: tcp, timeout: 3s}',
  tcp_source: '{prober: tcp, timeout: 3s, tcp: {source_ip_address: 127.0.0.9}}',
  tls: '{prober: tcp, timeout: 3s, tcp: {tls: true, tls_config: {ca_file: ROOT}}}',
  tls_careless: '{prober: tcp, timeout: 3s, tcp: {tls: true, tls_config: {insecure_skip_verify: true}}}',
  tls_named: '{prober: tcp, timeout: 3s, tcp: {tls: true, tls_config: {ca_file: ROOT, server_name: localhost}}}',
  tls_other: '{prober: tcp, timeout: 3s, tcp: {tls: true, tls_config: {ca_file: ROOT, server_name: other.example}}}',
  ssh: '{prober: tcp, timeout: 3s, tcp: {query_response: [{expect: "^SSH-2.0-"}]}}',
  ssh_wrong: '{prober: tcp, timeout: 600ms, tcp: {query_response: [{expect: "^SSH-1"}]}}',
  irc: '{prober: tcp, timeout: 3s, tcp: {query_response: [{send: "NICK prober"}, {send: "USER prober"}, {expect: "PING :([^ ]+)", send: "PONG ${1}"}, {expect: "^:[^ ]+ 001"}]}}',
  imap: '{prober: tcp, timeout: 3s, tcp: {query_response: [{expect: "OK.*ready"}, {send: ". STARTTLS"}, {expect: "OK"}, {starttls: true}, {send: ". capability"}, {expect: "CAPABILITY IMAP4rev1"}], tls_config: {ca_file: ROOT}}}',
  imap_distrusted:
    '{prober: tcp, timeout: 3s, tcp: {query_response: [{expect: "OK"}, {send: ". STARTTLS"}, {expect: "OK"}, {starttls: true}]}}',
};

const dns = (more: string): string => `{prober: dns, timeout: 1s, dns: {preferred_ip_protocol: ip4, ${more}}}`;
const DNS: Modules = {
  dns_soa: dns('query_name: soa.kms.test, query_type: SOA'),
  dns_any: dns('query_name: mixed.kms.test'),
  dns_a: dns('query_name: a.kms.test, query_type: A'),
  dns_tcp: dns('query_name: a.kms.test, query_type: A, transport_protocol: tcp'),
  dns_large: dns('query_name: large.kms.test, query_type: A, transport_protocol: tcp'),
  dns_large_udp: dns('query_name: large.kms.test, query_type: A'),
  dns_larger_udp: dns('query_name: larger.kms.test, query_type: A'),
  dns_dot: dns(
    'query_name: soa.kms.test, query_type: SOA, transport_protocol: tcp, dns_over_tls: true, tls_config: {ca_file: ROOT}',
  ),
  dns_dot_udp: dns('query_name: soa.kms.test, dns_over_tls: true'),
  dns_nxdomain: dns('query_name: none.kms.test, query_type: A'),
  dns_nxdomain_valid: dns('query_name: none.kms.test, query_type: A, valid_rcodes: [NXDOMAIN]'),
  dns_refused: dns('query_name: refused.kms.test'),
  dns_servfail: dns('query_name: servfail.kms.test, valid_rcodes: [NOERROR, SERVFAIL]'),
  dns_silent: dns('query_name: silent.kms.test'),
  dns_broken: dns('query_name: broken.kms.test'),
  dns_rcode: dns('query_name: a.kms.test, valid_rcodes: [NOPE]'),
  dns_ip6: '{prober: dns, timeout: 1s, dns: {query_name: soa.kms.test, query_type: SOA}}',
  dns_source: dns('query_name: soa.kms.test, source_ip_address: 127.0.0.9'),
  dns_match: dns('query_name: a.kms.test, validate_answer_rrs: {fail_if_matches_regexp: ["192.0.2.1$"]}'),
  dns_all: dns('query_name: a.kms.test, validate_answer_rrs: {fail_if_all_match_regexp: ["IN\\tA\\t192.0.2"]}'),
  dns_not_all: dns('query_name: a.kms.test, validate_answer_rrs: {fail_if_all_match_regexp: ["192.0.2.1$"]}'),
  dns_all_empty: dns('query_name: empty.kms.test, validate_answer_rrs: {fail_if_all_match_regexp: ["x"]}'),
  dns_not: dns('query_name: a.kms.test, validate_answer_rrs: {fail_if_not_matches_regexp: ["192.0.2.1$"]}'),
  dns_not_empty: dns('query_name: empty.kms.test, validate_answer_rrs: {fail_if_not_matches_regexp: ["x"]}'),
  dns_none: dns(
    'query_name: mixed.kms.test, validate_answer_rrs: {fail_if_none_matches_regexp: ["TXT\\t\\"hello\\"$", "never"]}',
  ),
  dns_none_bad: dns('query_name: mixed.kms.test, validate_answer_rrs: {fail_if_none_matches_regexp: ["never"]}'),
  dns_authority: dns(
    'query_name: soa.kms.test, validate_authority_rrs: {fail_if_not_matches_regexp: ["^kms\\\\.test\\\\.\\t60\\tIN\\tNS\\tns1\\\\.kms\\\\.test\\\\.$"]}',
  ),
  dns_additional: dns('query_name: soa.kms.test, validate_additional_rrs: {fail_if_matches_regexp: ["192.0.2.53"]}'),
  dns_regexp: dns('query_name: a.kms.test, validate_answer_rrs: {fail_if_matches_regexp: ["("]}'),
};

const OTHERS: Modules = {
  icmp: '{prober: icmp, timeout: 1s}',
  icmp_large: '{prober: icmp, timeout: 1s, icmp: {payload_size: 4000, ttl: 5, preferred_ip_protocol: ip4}}',
  icmp_whole:
    '{prober: icmp, timeout: 1s, icmp: {dont_fragment: true, payload_size: 1000, preferred_ip_protocol: ip4}}',
  icmp_source: '{prober: icmp, timeout: 1s, icmp: {source_ip_address: 127.0.0.9, preferred_ip_protocol: ip4}}',
  grpc: '{prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4}}',
  grpc_down: '{prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4, service: down}}',
  grpc_gone: '{prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4, service: gone}}',
  grpc_tls: '{prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4, tls: true, tls_config: {ca_file: ROOT}}}',
  grpc_distrusted: '{prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4, tls: true}}',
  grpc_bare: '{prober: grpc, timeout: 2s}',
};

export function modulesText(rootFile: string, rows: number): string {
  const records = Array.from({ length: rows }, (_, at): readonly [string, string] => [
    `row${at}`,
    dns(`query_name: r${at}.x, transport_protocol: tcp, validate_answer_rrs: {fail_if_not_matches_regexp: ["."]}`),
  ]);
  const lines = [...Object.entries({ ...HTTP, ...TCP, ...DNS, ...OTHERS }), ...records];
  return `modules:\n${lines.map(([name, text]) => `  ${name}: ${text.replaceAll('ROOT', rootFile)}\n`).join('')}`;
}

const ok = (module: string, target: string, more?: Partial<Case>): Case => ({ module, target, success: 1, ...more });
const bad = (module: string, target: string, more?: Partial<Case>): Case => ({ module, target, success: 0, ...more });

export function casesFor({ at }: Servers): readonly Case[] {
  const localhost = (place: string): string => place.replace('127.0.0.1', 'localhost');
  const [http, https] = [`http://${at.http}`, `https://${localhost(at.https)}`];
  return [
    ...httpCases(http, https, at),
    ...oddCases(at.odd),
    ...tcpCases(at, localhost),
    ...dnsCases(at, localhost),
    ...otherCases(at, localhost),
  ];
}

function httpCases(http: string, https: string, at: Servers['at']): readonly Case[] {
  return [
    ok('http_2xx', `${http}/`),
    ok('http_2xx', at.http),
    ok('http_2xx', `${http.replace('127.0.0.1', 'localhost')}/`),
    ok('http_2xx', `http://${at.http6}/`),
    ok('http_2xx', `${http}/chunked`),
    ok('http_2xx', `${http}/x/../404`),
    ok('http_2xx', `${http}/redirect2`),
    ok('http_2xx', `${http}/redirect10`),
    bad('http_2xx', `${http}/redirect12`),
    ok('http_2xx', `${http}/cookie`),
    ok('http_2xx', `${http}/204`),
    bad('http_2xx', `${http}/404`),
    bad('http_2xx', `${http}/503`),
    bad('http_2xx', `http://${at.closed}/`),
    bad('http_2xx', `http://${at.hangup}/`),
    bad('http_2xx', `http://${at.ssh}/`),
    bad('http_2xx', 'http://nobody.invalid/'),
    bad('http_quick', `${http}/silent`),
    bad('http_quick', `http://${at.silent}/`),
    bad('http_2xx', `${https}/`),
    ok('http_any', `${http}/503`),
    bad('http_any', `${http}/500`),
    ok('http_stay', `${http}/redirect1`),
    bad('http_stay_old', `${http}/redirect1`),
    ok('http_post', `${http}/echo`),
    ok('http_head', `${http}/`),
    ok('http_auth', `${http}/echo`),
    ok('http_bearer', `${http}/echo`),
    ok('http_body', `${http}/`),
    bad('http_body_bad', `${http}/`),
    bad('http_body_missing', `${http}/`),
    ok('http_header', `${http}/`),
    bad('http_header_bad', `${http}/`),
    bad('http_header_missing', `${http}/`),
    ok('http_header_allowed', `${http}/`),
    ok('http_gzip', `${http}/gzip`),
    ok('http_br', `${http}/br`),
    bad('http_gzip', `${http}/`),
    bad('http_gzip_limit', `${http}/gzip`),
    ok('http_2xx', `${http}/gzip`),
    bad('http_limit', `${http}/`),
    ok('http_11', `${http}/`),
    bad('http_2', `${http}/`),
    ok('http_ssl', `${https}/`),
    bad('http_ssl', `${http}/`),
    bad('http_no_ssl', `${https}/`),
    ok('http_no_ssl', `${http}/`),
    ok('http_careless', `${https}/redirect1`),
    ok('http_ip4', `${http}/`),
    bad('http_ip6', `${http}/`),
    ok('http_ip6', `http://${at.http6}/`),
    ok('http_2xx', `${http}/`, { more: '&hostname=other.example' }),
  ];
}

/** Of those that end otherwise than well. */
const WORSE: ReadonlySet<(typeof PATHS)[number]> = new Set([
  ...(['/cut', '/cut-chunk', '/bad-chunk', '/coding', '/other-lengths', '/099', '/no-field'] as const),
  ...(['/to-ftp', '/to-nowhere'] as const),
]);

function oddCases(place: string): readonly Case[] {
  return [
    ...PATHS.map((path) => (WORSE.has(path) ? bad : ok)('http_odd', `http://${place}${path}`)),
    bad('http_odd_text', `http://${place}/cut`),
    ok('http_odd_text', `http://${place}/early`),
    bad('http_quick', `http://${place}/endless`),
    ok('http_stay', `http://${place}/cut-redirect`),
    ok('http_stay', `http://${place}/to-ftp`),
    bad('http_limit', `http://${place}/cut`),
    ...['http_fields', 'http_no_agent', 'http_upgrade'].map((module) => ok(module, `http://${place}/head`)),
    ok('http_user', `http://u:p@${place}/head`),
  ];
}

function tcpCases(at: Servers['at'], localhost: (place: string) => string): readonly Case[] {
  return [
    ok('tcp', at.http),
    ok('tcp', at.http6),
    ok('tcp', localhost(at.silent)),
    bad('tcp', at.closed),
    bad('tcp', 'nobody.invalid:80'),
    bad('tcp', '127.0.0.1'),
    ok('tcp_source', at.http),
    ok('tls', localhost(at.tls12)),
    ok('tls', localhost(at.tls13)),
    ok('tls', localhost(at.crossed)),
    ok('tls', localhost(at.twoWays)),
    bad('tls', at.tls13),
    bad('tls', localhost(at.expired)),
    bad('tls', localhost(at.stranger)),
    bad('tls', localhost(at.client)),
    bad('tls', at.http),
    ok('tls_careless', at.expired),
    ok('tls_careless', at.stranger),
    ok('tls_named', at.tls12),
    bad('tls_other', localhost(at.tls12)),
    ok('ssh', at.ssh),
    bad('ssh', at.hangup),
    bad('ssh_wrong', at.ssh),
    bad('ssh_wrong', at.silent),
    ok('irc', at.irc),
    ok('imap', localhost(at.imap)),
    bad('imap_distrusted', localhost(at.imap)),
  ];
}

function dnsCases(at: Servers['at'], localhost: (place: string) => string): readonly Case[] {
  return [
    ...['dns_soa', 'dns_any', 'dns_a', 'dns_all', 'dns_all_empty', 'dns_none', 'dns_authority'].map((name) =>
      ok(name, at.dns),
    ),
    ...['dns_nxdomain_valid', 'dns_servfail'].map((name) => ok(name, at.dns)),
    ...['dns_nxdomain', 'dns_refused', 'dns_silent', 'dns_broken', 'dns_rcode', 'dns_larger_udp'].map((name) =>
      bad(name, at.dns),
    ),
    ...['dns_match', 'dns_not_all', 'dns_not', 'dns_not_empty', 'dns_none_bad', 'dns_additional'].map((name) =>
      bad(name, at.dns),
    ),
    bad('dns_regexp', at.dns),
    bad('dns_soa', '127.0.0.1:1'),
    bad('dns_soa', 'nobody.invalid'),
    // Cut at 512 bytes: here between two records, above within one.
    ok('dns_large_udp', at.dns),
    ok('dns_tcp', at.dnsTcp),
    ok('dns_large', at.dnsTcp),
    bad('dns_tcp', at.hangup),
    bad('dns_tcp', at.closed),
    ok('dns_dot', localhost(at.dot)),
    bad('dns_dot', at.dot),
    bad('dns_dot', at.dnsTcp),
    bad('dns_dot_udp', at.dns),
    ok('dns_ip6', at.dns6),
    ok('dns_source', at.dns),
  ];
}

function otherCases(at: Servers['at'], localhost: (place: string) => string): readonly Case[] {
  return [
    ok('icmp', '127.0.0.1'),
    ok('icmp', '::1'),
    ok('icmp', 'localhost'),
    bad('icmp', 'nobody.invalid'),
    ok('icmp_large', '127.0.0.1'),
    ok('icmp_whole', '127.0.0.1'),
    ok('icmp_source', '127.0.0.1'),
    ok('grpc', at.grpc),
    ok('grpc', `http://${localhost(at.grpc)}`),
    bad('grpc_down', at.grpc),
    bad('grpc_gone', at.grpc),
    bad('grpc', at.closed),
    bad('grpc', at.hangup),
    ok('grpc_tls', localhost(at.grpcs)),
    bad('grpc_tls', at.grpcs),
    bad('grpc_distrusted', localhost(at.grpcs)),
    bad('grpc_bare', at.grpc),
  ];
}

/** Lines of difference that are meant: between 0.23 and master as it is read, or between Go and Node. Each is met, or it is stale. */
export const EXPLAINED: readonly { readonly line: RegExp; readonly because: string }[] = [
  {
    line: /^(tcp|tls)\S* .*: probe_failed_due_to_regex: 0 there, absent here$/,
    because: 'since 0.28 registered once the connection is there (#1480)',
  },
  {
    line: /^grpc\S* .*: probe_ssl_earliest_cert_expiry: 0 there, absent here$/,
    because: 'since 0.26 registered after a handshake alone (#1338)',
  },
];
