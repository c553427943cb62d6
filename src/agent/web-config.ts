// Owns the file that says how the agent's own pages are served: TLS, client certificates, users, headers, a rate (Prometheus' web configuration,
// exporter-toolkit, docs/web-configuration.md). What that refuses is refused in its words. Never logs a password.
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createSecureContext, type SecureVersion } from 'node:tls';
import { truncates } from 'bcryptjs';
import { goDuration } from '../blackbox/go/duration.ts';
import {
  type GoType,
  goBool,
  goInt,
  goMap,
  goSlice,
  goString,
  goStruct,
  type Read,
  Refusal,
  readGoYaml,
} from '../blackbox/go/yaml.ts';

const VERSIONS: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

/** Go's names (crypto/tls) and OpenSSL's. Those of TLS 1.3 cannot be chosen in Go either. */
const CIPHERS: Readonly<Record<string, string>> = {
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
};
const CURVES: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
  X25519MLKEM768: 'X25519MLKEM768',
};

/** A word of a list; `what` is the exporter-toolkit's own. */
function oneOf(words: Readonly<Record<string, string>>, what: string): GoType<string> {
  return {
    ...goString,
    read(node, was, reading) {
      const before = reading.issues.length;
      const text = goString.read(node, was, reading);
      if (reading.issues.length === before && words[text] === undefined) throw new Refusal(`unknown ${what}: ${text}`);
      return text;
    },
  };
}

/** Values that are allowed; empty: any. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'Strict-Transport-Security': [],
  'X-Content-Type-Options': ['nosniff'],
  'X-Frame-Options': ['deny', 'sameorigin'],
  'X-XSS-Protection': [],
  'Content-Security-Policy': [],
};

const tlsServer = goStruct(
  'web.TLSConfig',
  {
    cert: goString,
    key: goString,
    client_ca: goString,
    cert_file: goString,
    key_file: goString,
    client_auth_type: goString,
    client_ca_file: goString,
    cipher_suites: goSlice(oneOf(CIPHERS, 'cipher')),
    curve_preferences: goSlice(oneOf(CURVES, 'curve')),
    min_version: oneOf(VERSIONS, 'TLS version'),
    max_version: oneOf(VERSIONS, 'TLS version'),
    prefer_server_cipher_suites: goBool,
    client_allowed_sans: goSlice(goString),
  },
  { min_version: 'TLS12', max_version: 'TLS13', prefer_server_cipher_suites: true },
);

const webConfig = goStruct('web.Config', {
  tls_server_config: tlsServer,
  http_server_config: goStruct('web.HTTPConfig', { http2: goBool, headers: goMap(goString) }, { http2: true }),
  rate_limit: goStruct('web.RateLimiterConfig', { burst: goInt, interval: goString }),
  basic_auth_users: goMap(goString),
});

export interface ServerTls {
  /** Read anew, so that a renewed certificate is served without a reload. @throws Refusal for files that cannot be used */
  readonly material: () => { readonly cert: string; readonly key: string; readonly ca: string | null };
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** In OpenSSL's words; null: its own. */
  readonly ciphers: string | null;
  readonly curves: string | null;
  readonly prefersOwnCiphers: boolean;
  readonly requestCert: boolean;
  readonly requireCert: boolean;
  /** A certificate that is shown must lead to a root in `ca`. */
  readonly verifyCert: boolean;
  /** One of these names must be in it; empty: any. */
  readonly allowedSans: readonly string[];
}

export interface WebConfig {
  /** Null: in the clear. */
  readonly tls: ServerTls | null;
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hashes by user; empty: nobody is asked. */
  readonly users: ReadonlyMap<string, string>;
  /** Null: none. */
  readonly rate: { readonly burst: number; readonly intervalMs: number } | null;
}

/** @param folder that relative paths are in @throws Refusal */
export function readWebConfig(text: string, folder: string): WebConfig {
  const given = text.trim() === '' ? webConfig.zero : readGoYaml(text, webConfig);
  const { headers } = given.http_server_config;
  for (const [name, value] of headers) {
    const allowed = HEADERS[name];
    if (allowed === undefined) throw new Refusal(`HTTP header ${JSON.stringify(name)} can not be configured`);
    if (allowed.length > 0 && !allowed.includes(value))
      throw new Refusal(
        `invalid value for ${name}. Expected one of: ${JSON.stringify(allowed)}, but got: ${JSON.stringify(value)}`,
      );
  }
  for (const [user, hash] of given.basic_auth_users) {
    if (!/^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash))
      throw new Refusal(
        `basic_auth_users: the password of ${JSON.stringify(user)} is no bcrypt hash; make one with: htpasswd -nBC 10 "" | tr -d ':\\n'`,
      );
  }
  return {
    tls: tlsOf(given.tls_server_config, folder),
    headers: Object.fromEntries(headers),
    users: given.basic_auth_users,
    rate: rateOf(given.rate_limit),
  };
}

function rateOf({ burst, interval }: Read<typeof webConfig>['rate_limit']): WebConfig['rate'] {
  if (interval === '' || interval === '0') return null;
  const intervalMs = goDuration(interval);
  if (intervalMs === null || intervalMs < 0)
    throw new Refusal(`rate_limit: ${JSON.stringify(interval)} is no duration`);
  return intervalMs === 0 ? null : { burst: Math.max(1, burst), intervalMs };
}

const AUTH: Readonly<Record<string, Pick<ServerTls, 'requestCert' | 'requireCert' | 'verifyCert'>>> = {
  '': { requestCert: false, requireCert: false, verifyCert: false },
  NoClientCert: { requestCert: false, requireCert: false, verifyCert: false },
  RequestClientCert: { requestCert: true, requireCert: false, verifyCert: false },
  RequireAnyClientCert: { requestCert: true, requireCert: true, verifyCert: false },
  RequireClientCert: { requestCert: true, requireCert: true, verifyCert: false },
  VerifyClientCertIfGiven: { requestCert: true, requireCert: false, verifyCert: true },
  RequireAndVerifyClientCert: { requestCert: true, requireCert: true, verifyCert: true },
};

function tlsOf(given: Read<typeof tlsServer>, folder: string): ServerTls | null {
  const { cert, cert_file, key, key_file, client_ca, client_ca_file, client_auth_type } = given;
  if (`${cert}${cert_file}${key}${key_file}${client_ca}${client_ca_file}${client_auth_type}` === '') return null;
  if (cert + cert_file === '') throw new Refusal('missing one of cert or cert_file');
  if (key + key_file === '') throw new Refusal('missing one of key or key_file');
  const auth = AUTH[client_auth_type];
  if (auth === undefined) throw new Refusal(`invalid ClientAuth: ${client_auth_type}`);
  if (client_ca + client_ca_file !== '' && !auth.requestCert)
    throw new Refusal("client CA's have been configured without a Client Auth Policy");
  const read = (inline: string, file: string, what: string): string =>
    file === '' ? inline : fileText(file, folder, what);
  const material: ServerTls['material'] = () => ({
    cert: read(cert, cert_file, 'cert_file'),
    key: read(key, key_file, 'key_file'),
    ca: client_ca + client_ca_file === '' ? null : read(client_ca, client_ca_file, 'client_ca_file'),
  });
  const tls: ServerTls = {
    ...auth,
    material,
    minVersion: VERSIONS[given.min_version] ?? 'TLSv1.2',
    maxVersion: VERSIONS[given.max_version] ?? 'TLSv1.3',
    ciphers: given.cipher_suites.length === 0 ? null : given.cipher_suites.map((name) => CIPHERS[name]).join(':'),
    curves: given.curve_preferences.length === 0 ? null : given.curve_preferences.map((name) => CURVES[name]).join(':'),
    prefersOwnCiphers: given.prefer_server_cipher_suites,
    allowedSans: given.client_allowed_sans,
  };
  try {
    createSecureContext({ cert: material().cert, key: material().key });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(`failed to load X509KeyPair: ${error instanceof Error ? error.message : ''}`);
  }
  return tls;
}

function fileText(file: string, folder: string, what: string): string {
  const path = isAbsolute(file) ? file : join(folder, file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Refusal(`failed to read ${what} (${path}): ${error instanceof Error ? error.message : ''}`);
  }
}

/** Whether bcrypt would not look at the whole password: it knows 72 bytes. */
export const isTooLong = (password: string): boolean => truncates(password);
