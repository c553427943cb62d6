// Owns the part of a blackbox.yml that is Prometheus' own HTTP client and TLS config (github.com/prometheus/common/config): keys, defaults, refusals.
import { BoundedMap } from '../../model/bounded-map.ts';
import {
  type AnyFields,
  type GoType,
  goAny,
  goBool,
  goBoolShown,
  goMap,
  goPointer,
  goSlice,
  goString,
  goStruct,
  type Read,
  Refusal,
  type StructOf,
  stringNamed,
} from '../go/yaml.ts';

/** Printed as `<secret>`, never as what it is. */
export const goSecret: GoType<string> = {
  ...stringNamed('config.plain'),
  show: (value) => (value === '' ? undefined : '<secret>'),
};

const VERSIONS = ['TLS13', 'TLS12', 'TLS11', 'TLS10'] as const;
export type TlsVersion = (typeof VERSIONS)[number];

const tlsVersion: GoType<TlsVersion | ''> = {
  name: 'config.TLSVersion',
  zero: '',
  read(node, was, reading) {
    const before = reading.issues.length;
    const text = goString.read(node, was, reading);
    if (reading.issues.length > before) return was;
    if (VERSIONS.includes(text as TlsVersion)) return text as TlsVersion;
    throw new Refusal(`unknown TLS version: ${text}`);
  },
  show: (value) => (value === '' ? undefined : value),
};

const count = (...given: readonly boolean[]): number => given.filter(Boolean).length;

/** @throws Refusal */
function refuse(when: boolean, words: string): void {
  if (when) throw new Refusal(words);
}

export const tlsConfig = goStruct(
  'config.plain',
  {
    ca: goString,
    cert: goString,
    key: goSecret,
    ca_file: goString,
    cert_file: goString,
    key_file: goString,
    ca_ref: goString,
    cert_ref: goString,
    key_ref: goString,
    server_name: goString,
    insecure_skip_verify: goBoolShown,
    min_version: tlsVersion,
    max_version: tlsVersion,
  },
  {},
  (tls) => {
    refuse(
      count(tls.ca !== '', tls.ca_file !== '', tls.ca_ref !== '') > 1,
      'at most one of ca, ca_file & ca_ref must be configured',
    );
    refuse(
      count(tls.cert !== '', tls.cert_file !== '', tls.cert_ref !== '') > 1,
      'at most one of cert, cert_file & cert_ref must be configured',
    );
    refuse(
      count(tls.key !== '', tls.key_file !== '', tls.key_ref !== '') > 1,
      'at most one of key and key_file must be configured',
    );
    const [cert, key] = [tls.cert + tls.cert_file + tls.cert_ref !== '', tls.key + tls.key_file + tls.key_ref !== ''];
    refuse(cert && !key, 'exactly one of key or key_file must be configured when a client certificate is configured');
    refuse(key && !cert, 'exactly one of cert or cert_file must be configured when a client key is configured');
    return tls;
  },
);
export type TlsConfig = Read<typeof tlsConfig>;

/** A struct that is left out of /config only when nothing in it is set: `insecure_skip_verify` alone does not keep it. */
export const tlsConfigField: GoType<TlsConfig> = {
  ...tlsConfig,
  show(value) {
    const shown = tlsConfig.show(value) as { readonly [key: string]: unknown } | undefined;
    const isZero = shown === undefined || (Object.keys(shown).length === 1 && shown['insecure_skip_verify'] === false);
    return isZero ? undefined : shown;
  },
};

/** A URL as net/url parses it: nearly anything; kept as text. A password in it is not printed. */
const goUrl: GoType<string> = {
  ...stringNamed('string'),
  show: (value) => (value === '' ? undefined : value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/@]*@/i, '$1:xxxxx@')),
};

const proxyFields = {
  proxy_url: goUrl,
  no_proxy: goString,
  proxy_from_environment: goBool,
  proxy_connect_header: goMap(goSlice(goSecret)),
} satisfies AnyFields;

function validateProxy(proxy: StructOf<typeof proxyFields>): void {
  const { proxy_url, no_proxy, proxy_from_environment, proxy_connect_header } = proxy;
  refuse(
    proxy_connect_header.size > 0 && !proxy_from_environment && proxy_url === '',
    'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured',
  );
  refuse(
    proxy_from_environment && proxy_url !== '',
    'if proxy_from_environment is configured, proxy_url must not be configured',
  );
  refuse(
    proxy_from_environment && no_proxy !== '',
    'if proxy_from_environment is configured, no_proxy must not be configured',
  );
  refuse(proxy_url === '' && no_proxy !== '', 'if no_proxy is configured, proxy_url must also be configured');
}

const basicAuth = goStruct('config.plain', {
  username: goString,
  username_file: goString,
  username_ref: goString,
  password: goSecret,
  password_file: goString,
  password_ref: goString,
});

const authorization = goStruct('config.Authorization', {
  type: goString,
  credentials: goSecret,
  credentials_file: goString,
  credentials_ref: goString,
});

/** RFC 7523. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export const isJwtBearer = ({ grant_type }: { readonly grant_type: string }): boolean => grant_type === JWT_BEARER;

const oauth2 = goStruct(
  'config.plain',
  {
    client_id: goString,
    client_secret: goSecret,
    client_secret_file: goString,
    client_secret_ref: goString,
    client_certificate_key_id: goString,
    client_certificate_key: goSecret,
    client_certificate_key_file: goString,
    client_certificate_key_ref: goString,
    grant_type: goString,
    signature_algorithm: goString,
    iss: goString,
    audience: goString,
    claims: goMap(goAny),
    scopes: goSlice(goString),
    token_url: goString,
    endpoint_params: goMap(goString),
    tls_config: tlsConfigField,
    ...proxyFields,
  },
  {},
  (given) => {
    validateProxy(given);
    return given;
  },
);
export type OAuth2Config = Read<typeof oauth2>;

const header = goStruct('config.Header', {
  values: goSlice(goString),
  secrets: goSlice(goSecret),
  files: goSlice(goString),
});

/** Headers by name (config.Headers: an inline map). */
export const headers = goMap(header, 'config.Headers');
export type HeadersConfig = Read<typeof headers>;

/** config.ReservedHeaders, in the form of textproto.CanonicalMIMEHeaderKey. */
const RESERVED = new Set([
  ...['Authorization', 'Host', 'Content-Encoding', 'Content-Length', 'Content-Type', 'User-Agent', 'Connection'],
  ...['Keep-Alive', 'Proxy-Authenticate', 'Proxy-Authorization', 'Www-Authenticate', 'Accept-Encoding'],
  ...['X-Prometheus-Remote-Write-Version', 'X-Prometheus-Remote-Read-Version', 'X-Prometheus-Scrape-Timeout-Seconds'],
  ...['X-Amz-Date', 'X-Amz-Security-Token', 'X-Amz-Content-Sha256'],
]);

const MOST_CANONICAL = 1000;
/** Names of modules' headers: every probe asks for the same. */
const canonical = new BoundedMap<string, string>(MOST_CANONICAL);

/** textproto.CanonicalMIMEHeaderKey; what is no token stays as it is. */
export function canonicalHeader(name: string): string {
  const known = canonical.get(name);
  if (known !== undefined) return known;
  const made = canonicalOf(name);
  canonical.set(name, made);
  return made;
}

function canonicalOf(name: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return name;
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

export const clientFields = {
  basic_auth: goPointer(basicAuth),
  authorization: goPointer(authorization),
  oauth2: goPointer(oauth2),
  bearer_token: goSecret,
  bearer_token_file: goString,
  tls_config: tlsConfigField,
  follow_redirects: goBoolShown,
  enable_http2: goBoolShown,
  ...proxyFields,
  http_headers: goPointer(headers),
} satisfies AnyFields;

export const clientDefaults = { follow_redirects: true, enable_http2: true } as const;
export type ClientConfig = StructOf<typeof clientFields>;

/** HTTPClientConfig.Validate: a bearer token becomes an authorization. @throws Refusal */
export function validateClient<C extends ClientConfig>(given: C): C {
  const { basic_auth, oauth2: flow, bearer_token, bearer_token_file } = given;
  const bearer = bearer_token !== '' || bearer_token_file !== '';
  refuse(
    bearer_token !== '' && bearer_token_file !== '',
    'at most one of bearer_token & bearer_token_file must be configured',
  );
  refuse(
    (basic_auth !== null || flow !== null) && bearer,
    'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured',
  );
  if (basic_auth !== null) validateBasic(basic_auth);
  const authorized = authorizationOf(given);
  if (flow !== null) validateOAuth2(flow, basic_auth !== null);
  validateProxy(given);
  for (const name of given.http_headers?.keys() ?? []) {
    refuse(
      RESERVED.has(canonicalHeader(name)),
      `setting header ${JSON.stringify(canonicalHeader(name))} is not allowed`,
    );
  }
  return { ...given, authorization: authorized, bearer_token: '', bearer_token_file: '' };
}

function validateBasic({
  username,
  username_file,
  username_ref,
  password,
  password_file,
  password_ref,
}: Read<typeof basicAuth>): void {
  refuse(
    count(username !== '', username_file !== '', username_ref !== '') > 1,
    'at most one of basic_auth username, username_file & username_ref must be configured',
  );
  refuse(
    count(password !== '', password_file !== '', password_ref !== '') > 1,
    'at most one of basic_auth password, password_file & password_ref must be configured',
  );
}

function authorizationOf({
  authorization: given,
  basic_auth,
  oauth2: flow,
  bearer_token,
  bearer_token_file,
}: ClientConfig): ClientConfig['authorization'] {
  if (given === null) {
    if (bearer_token === '' && bearer_token_file === '') return null;
    return { ...authorization.zero, type: 'Bearer', credentials: bearer_token, credentials_file: bearer_token_file };
  }
  refuse(
    bearer_token !== '' || bearer_token_file !== '',
    'authorization is not compatible with bearer_token & bearer_token_file',
  );
  refuse(
    count(given.credentials !== '', given.credentials_file !== '', given.credentials_ref !== '') > 1,
    'at most one of authorization credentials & credentials_file must be configured',
  );
  const type = given.type.trim() === '' ? 'Bearer' : given.type.trim();
  refuse(type.toLowerCase() === 'basic', 'authorization type cannot be set to "basic", use "basic_auth" instead');
  refuse(basic_auth !== null || flow !== null, 'at most one of basic_auth, oauth2 & authorization must be configured');
  return { ...given, type };
}

function validateOAuth2(flow: OAuth2Config, basic: boolean): void {
  refuse(basic, 'at most one of basic_auth, oauth2 & authorization must be configured');
  refuse(flow.client_id === '', 'oauth2 client_id must be configured');
  refuse(flow.token_url === '', 'oauth2 token_url must be configured');
  if (isJwtBearer(flow)) {
    const keys = [flow.client_certificate_key, flow.client_certificate_key_file, flow.client_certificate_key_ref];
    refuse(
      count(...keys.map((key) => key !== '')) > 1,
      `at most one of oauth2 client_certificate_key, client_certificate_key_file & client_certificate_key_ref must be configured using grant-type=${JWT_BEARER}`,
    );
    const isKnown = ['', 'RS256', 'RS384', 'RS512'].includes(flow.signature_algorithm);
    refuse(!isKnown, 'valid signature algorithms are RS256, RS384 and RS512');
    return;
  }
  refuse(
    count(flow.client_secret !== '', flow.client_secret_file !== '', flow.client_secret_ref !== '') > 1,
    'at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using grant-type=client_credentials',
  );
}
