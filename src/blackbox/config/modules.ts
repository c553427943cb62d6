// Owns the modules of a blackbox.yml: every key, its default, and the refusals that blackbox_exporter answers with (config/config.go).

import { base2Bytes, formatBase2Bytes } from '../go/bytes.ts';
import { type CelProgram, celProgram } from '../go/cel.ts';
import { type GoRegexp, goRegexp } from '../go/regexp.ts';
import {
  type GoType,
  goBool,
  goBytes,
  goInt,
  goMap,
  goPointer,
  goSlice,
  goString,
  goStruct,
  type Read,
  type Reading,
  Refusal,
} from '../go/yaml.ts';
import { canonicalHeader, clientDefaults, clientFields, headers, tlsConfigField, validateClient } from './client.ts';
import { classNumber, typeNumber } from './dns-words.ts';
import { duration } from './duration.ts';
import { acceptsEncoding } from './encoding.ts';
import { extension, refuseMisplaced } from './extension.ts';

/** A string that is made into something else; `make` refuses by null. */
function made<T>(
  name: string,
  zero: T,
  make: (text: string) => T | null,
  refusal: (text: string) => string,
  show: (value: T) => unknown,
): GoType<T> {
  return {
    name,
    zero,
    read(node, was, reading: Reading) {
      const before = reading.issues.length;
      const text = goString.read(node, '', reading);
      if (reading.issues.length > before) return was;
      const value = make(text);
      if (value === null) throw new Refusal(refusal(text));
      return value;
    },
    show,
  };
}

/** Null where none is given: an empty pattern is one, and fits everything. */
export const regexp: GoType<GoRegexp | null> = made<GoRegexp | null>(
  'config.Regexp',
  null,
  goRegexp,
  (text) => `"Could not compile regular expression" regexp="${text}"`,
  (value) => (value === null || value.source === '' ? undefined : value.source),
);

const cel: GoType<CelProgram | null> = made<CelProgram | null>(
  'config.CELProgram',
  null,
  celProgram,
  (text) => `"Could not compile CEL program" expression="${text}"`,
  (value) => value?.source,
);

/** Largest body that can be asked for: math.MaxInt64 - 1. */
const ENDLESS = 2n ** 63n - 2n;

/** Bytes; 0: no limit. */
const size: GoType<bigint> = made<bigint>(
  'units.Base2Bytes',
  0n,
  (text) => {
    const bytes = base2Bytes(text);
    return bytes === null ? null : bytes < 0n || bytes > ENDLESS ? ENDLESS : bytes;
  },
  (text) => `units: unknown unit in ${text}`,
  (bytes) => (bytes === 0n ? undefined : formatBase2Bytes(bytes)),
);

const family = { preferred_ip_protocol: goString, ip_protocol_fallback: goBool };

const headerMatch = goStruct('config.plain', { header: goString, regexp, allow_missing: goBool }, {}, (match) => {
  if (match.header === '') throw new Refusal('header name must be set for HTTP header matchers');
  if (match.regexp === null || match.regexp.source === '')
    throw new Refusal('regexp must be set for HTTP header matchers');
  return match;
});
export type HeaderMatch = Read<typeof headerMatch>;

const http = goStruct(
  'config.plain',
  {
    valid_status_codes: goSlice(goInt),
    valid_http_versions: goSlice(goString),
    ...family,
    skip_resolve_phase_with_proxy: goBool,
    no_follow_redirects: goPointer(goBool),
    fail_if_ssl: goBool,
    fail_if_not_ssl: goBool,
    method: goString,
    headers: goMap(goString),
    fail_if_body_matches_regexp: goSlice(regexp),
    fail_if_body_not_matches_regexp: goSlice(regexp),
    fail_if_body_json_matches_cel: cel,
    fail_if_body_json_not_matches_cel: cel,
    fail_if_header_matches: goSlice(headerMatch),
    fail_if_header_not_matches: goSlice(headerMatch),
    body: goBytes,
    body_file: goString,
    ...clientFields,
    compression: goString,
    body_size_limit: size,
    enable_http3: goBool,
  },
  { ip_protocol_fallback: true, ...clientDefaults },
  (given) => {
    const client = validateClient(given);
    const { no_follow_redirects, compression } = given;
    if (given.body.byteLength > 0 && given.body_file !== '')
      throw new Refusal('setting body and body_file both are not allowed');
    for (const [name, value] of given.headers) {
      if (canonicalHeader(name) === 'Accept-Encoding' && !acceptsEncoding(compression, value))
        throw new Refusal(`invalid configuration "${name}: ${value}", "compression: ${compression}"`);
    }
    validateVersions(given);
    // The old name is taken over into the new one, and not shown.
    const follow_redirects = no_follow_redirects === null ? given.follow_redirects : !no_follow_redirects;
    return { ...client, follow_redirects, no_follow_redirects: null };
  },
);
export type HttpModule = Read<typeof http>;

function validateVersions({
  enable_http3,
  enable_http2,
  valid_http_versions,
}: {
  readonly enable_http3: boolean;
  readonly enable_http2: boolean;
  readonly valid_http_versions: readonly string[];
}): void {
  if (!enable_http3 && valid_http_versions.includes('HTTP/3.0'))
    throw new Refusal('HTTP/3 cannot be used as a valid HTTP version when enable_http3 is false');
  if (!enable_http3) return;
  if (valid_http_versions.some((version) => version === 'HTTP/2.0' || version === 'HTTP/1.1'))
    throw new Refusal(
      'HTTP/3 and HTTP/2.0/1.1 cannot be used together - only HTTP/3.0 is allowed when enable_http3 is true',
    );
  if (enable_http2) throw new Refusal('when enable_http3 is true, enable_http2 must be set to false');
}

const queryResponse = goStruct(
  'config.plain',
  {
    expect: regexp,
    expect_bytes: goBytes,
    labels: goSlice(goStruct('config.Label', { name: goString, value: goString })),
    send: goBytes,
    starttls: goBool,
  },
  {},
  (step) => {
    if (step.expect !== null && step.expect_bytes.byteLength > 0)
      throw new Refusal('expect and expect_bytes are mutually exclusive');
    return step;
  },
);
export type QueryResponse = Read<typeof queryResponse>;

const tcp = goStruct(
  'config.plain',
  {
    ...family,
    source_ip_address: goString,
    query_response: goSlice(queryResponse),
    tls: goBool,
    tls_config: tlsConfigField,
  },
  { ip_protocol_fallback: true },
);
export type TcpModule = Read<typeof tcp>;

const unix = goStruct('config.plain', {
  query_response: goSlice(queryResponse),
  tls: goBool,
  tls_config: tlsConfigField,
});
export type UnixModule = Read<typeof unix>;

const icmp = goStruct(
  'config.plain',
  { ...family, source_ip_address: goString, payload_size: goInt, dont_fragment: goBool, ttl: goInt },
  { ip_protocol_fallback: true, ttl: 64 },
  (given) => {
    if (given.ttl < 0) throw new Refusal('"ttl" cannot be negative');
    if (given.ttl > 255) throw new Refusal('"ttl" cannot exceed 255');
    return given;
  },
);
export type IcmpModule = Read<typeof icmp>;

const validator = goStruct('config.plain', {
  fail_if_matches_regexp: goSlice(goString),
  fail_if_all_match_regexp: goSlice(goString),
  fail_if_not_matches_regexp: goSlice(goString),
  fail_if_none_matches_regexp: goSlice(goString),
});
export type RrValidator = Read<typeof validator>;

const dns = goStruct(
  'config.plain',
  {
    ...family,
    dns_over_tls: goBool,
    tls_config: tlsConfigField,
    source_ip_address: goString,
    transport_protocol: goString,
    query_class: goString,
    query_name: goString,
    query_type: goString,
    recursion_desired: goBool,
    valid_rcodes: goSlice(goString),
    validate_answer_rrs: validator,
    validate_authority_rrs: validator,
    validate_additional_rrs: validator,
  },
  { ip_protocol_fallback: true, recursion_desired: true },
  (given) => {
    if (given.query_name === '') throw new Refusal('query name must be set for DNS module');
    if (given.query_class !== '' && classNumber(given.query_class) === null)
      throw new Refusal(`query class '${given.query_class}' is not valid`);
    if (given.query_type !== '' && typeNumber(given.query_type) === null)
      throw new Refusal(`query type '${given.query_type}' is not valid`);
    return given;
  },
);
export type DnsModule = Read<typeof dns>;

/** Without a `grpc` block nothing falls back: DefaultModule leaves it out, as the exporter does. */
const grpc = goStruct(
  'config.plain',
  {
    service: goString,
    tls: goBool,
    tls_config: tlsConfigField,
    ip_protocol_fallback: goBool,
    preferred_ip_protocol: goString,
    metadata: goMap(goSlice(goString), 'metadata.MD'),
  },
  { ip_protocol_fallback: true },
);
export type GrpcModule = Read<typeof grpc>;

const websocketClient = goStruct('config.plain', clientFields, clientDefaults, validateClient);

const websocket = goStruct(
  'config.plain',
  { http_config: websocketClient, headers, query_response: goSlice(queryResponse), ...family },
  { ip_protocol_fallback: true },
);
export type WebsocketModule = Read<typeof websocket>;

const PROBERS = ['http', 'tcp', 'icmp', 'dns', 'grpc', 'unix', 'websocket'] as const;
export type Prober = (typeof PROBERS)[number];

const module = goStruct(
  'config.plain',
  {
    ...{ prober: goString, timeout: duration, http, tcp, icmp, dns, grpc, unix, websocket },
    // Ours: blackbox_exporter refuses a file that has it.
    outrider: goPointer(extension),
  },
  { grpc: { ...grpc.zero, ip_protocol_fallback: false } },
  (given) => {
    if (!PROBERS.includes(given.prober as Prober)) throw new Refusal(`prober '${given.prober}' is not valid`);
    if (given.outrider !== null) refuseMisplaced(given, given.outrider);
    return given;
  },
);
/** What a module is that says nothing but its prober. */
export const moduleDefaults = module.zero;
export type Module = Omit<Read<typeof module>, 'prober'> & { readonly prober: Prober };

export const blackboxConfig = goStruct('config.plain', { modules: goMap(module as unknown as GoType<Module>) });
export type BlackboxConfig = Read<typeof blackboxConfig>;
