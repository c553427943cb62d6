// Owns where spans go and under which name: --otlp, and the variables that OpenTelemetry gives all its exporters
// (opentelemetry.io/docs/specs/otel/protocol/exporter, .../configuration/sdk-environment-variables).
// A variable alone sends nothing: it may be there for other programs. Values of headers are never repeated.
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { DeliverOptions } from '../export/deliver.ts';
import type { OtlpReceiver } from '../export/otlp.ts';
import { UsageError } from '../model/usage-error.ts';
import { readText } from './input-file.ts';
import type { Launch } from './launch.ts';
import { systemRoots } from './roots.ts';

export interface OtlpSettings {
  readonly receiver: OtlpReceiver;
  readonly sending: Omit<DeliverOptions, 'signal'>;
  /** Of the resource: OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What a person may not expect. */
  readonly note: string | null;
}

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = 'http://localhost:4318';
const PATH = '/v1/traces';
/** OTEL_EXPORTER_OTLP_TIMEOUT, ms. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_PEM_BYTES = 4_194_304;

/** @throws UsageError that names the option or variable */
export async function otlpSettings(option: string, { io }: Launch): Promise<OtlpSettings> {
  const { env } = io;
  const url = option === 'env' ? endpointOf(env) : urlOf(option, '--otlp', 'root');
  const headers = headersOf(env);
  const isElsewhere = isForAnother(url, env) && Object.keys(headers).length > 0;
  return {
    receiver: { url, headers: isElsewhere ? {} : headers, gzip: isGzip(env) },
    note: isElsewhere
      ? `the headers of the environment are not sent to ${new URL(url).host}: OTEL_EXPORTER_OTLP_ENDPOINT names another receiver`
      : null,
    sending: { ...(await trustOf(env)), timeoutMs: timeoutOf(env), pauseMs: 500 },
    attributes: attributesOf(env),
  };
}

/** The variable for traces goes before the one for all signals; empty is unset (sdk-environment-variables). */
function read(env: Env, name: string): { readonly name: string; readonly value: string } | null {
  for (const each of [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`]) {
    const value = env[each]?.trim() ?? '';
    if (value !== '') return { name: each, value };
  }
  return null;
}

/** Keys in the headers are those of the receiver that the environment names, if it names one. */
function isForAnother(url: string, env: Env): boolean {
  const named = read(env, 'ENDPOINT');
  return named !== null && URL.parse(named.value)?.origin !== new URL(url).origin;
}

function endpointOf(env: Env): string {
  const protocol = read(env, 'PROTOCOL');
  if (protocol?.value === 'grpc')
    throw new UsageError(
      `--otlp env: ${protocol.name} is grpc, which is not spoken here`,
      'give the HTTP port of the receiver: --otlp http://HOST:4318',
    );
  const found = read(env, 'ENDPOINT');
  if (found === null) return urlOf(DEFAULT_ENDPOINT, 'default', 'base');
  return urlOf(found.value, found.name, found.name.includes('_TRACES_') ? 'whole' : 'base');
}

/** `base`: the path of the traces is put behind it. `root`: only when it has no path. `whole`: as it is. */
function urlOf(text: string, from: string, kind: 'base' | 'root' | 'whole'): string {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : 'none');
  // Not repeated: it may hold a password.
  if (url === null) throw new UsageError(`${from}: not an http(s) URL`, 'for example --otlp http://localhost:4318');
  const isBare = url.pathname === '/' || url.pathname === '';
  if (kind === 'base' || (kind === 'root' && isBare)) url.pathname = `${url.pathname.replace(/\/+$/, '')}${PATH}`;
  return url.href;
}

/** `name=value,name=value`, values percent-coded. A field of ours is not theirs to set. */
function headersOf(env: Env): Readonly<Record<string, string>> {
  const found = read(env, 'HEADERS');
  if (found === null) return {};
  const headers = pairsOf(found.value, found.name);
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new UsageError(`${found.name}: a header has characters that HTTP forbids`, 'write name=value,name=value');
    }
  }
  const ours = new Set([
    'content-type',
    'content-encoding',
    'content-length',
    'transfer-encoding',
    'connection',
    'host',
  ]);
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !ours.has(name)),
  );
}

function isGzip(env: Env): boolean {
  const found = read(env, 'COMPRESSION');
  if (found === null || found.value === 'none') return false;
  if (found.value === 'gzip') return true;
  throw new UsageError(`${found.name}: "${found.value}" is not gzip or none`);
}

function timeoutOf(env: Env): number {
  const found = read(env, 'TIMEOUT');
  if (found === null) return DEFAULT_TIMEOUT_MS;
  const ms = /^\d{1,9}$/.test(found.value) ? Number(found.value) : 0;
  if (ms > 0) return ms;
  throw new UsageError(`${found.name}: "${found.value}" is not a number of milliseconds`);
}

async function trustOf(env: Env): Promise<Pick<DeliverOptions, 'caPem' | 'identity'>> {
  const file = async (name: string): Promise<string | null> => {
    const found = read(env, name);
    return found === null ? null : readText(found.value, found.name, MAX_PEM_BYTES);
  };
  const ca = (await file('CERTIFICATE')) ?? (await systemRoots(env));
  const [certificatePem, keyPem] = [await file('CLIENT_CERTIFICATE'), await file('CLIENT_KEY')];
  if ((certificatePem === null) !== (keyPem === null))
    throw new UsageError('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY go together');
  return {
    caPem: ca === null ? null : [ca],
    ...(certificatePem === null || keyPem === null ? {} : { identity: { certificatePem, keyPem } }),
  };
}

function attributesOf(env: Env): Readonly<Record<string, string>> {
  const name = 'OTEL_RESOURCE_ATTRIBUTES';
  const given = pairsOf(env[name]?.trim() ?? '', name);
  const service = env['OTEL_SERVICE_NAME']?.trim() ?? '';
  return service === '' ? given : { ...given, 'service.name': service };
}

/** Pairs as W3C Baggage writes them. */
function pairsOf(text: string, from: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name = '', value = ''] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/s.exec(pair) ?? [];
      if (name === '') throw new UsageError(`${from}: not of the form name=value,name=value`);
      return [decoded(name, from), decoded(value, from)] as const;
    }),
  );
}

function decoded(text: string, from: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError(`${from}: a value is not percent-coded`, 'write % itself as %25');
  }
}
