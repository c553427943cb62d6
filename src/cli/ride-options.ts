// Owns the step from the words of the command line to the settings of a ride. Every mistake is a UsageError with its remedy.

import { rootCertificates } from 'node:tls';
import type { Contribution } from '../config/journey/part.ts';
import { LIMITS, type NamedZone, type PinnedAddress, type RideSettings } from '../journey/settings.ts';
import { parseDuration } from '../model/duration.ts';
import { suggestion } from '../model/nearest.ts';
import { Secret } from '../model/secret.ts';
import { familyOf, ipAddress, parseTarget, type Target, zeroPadded } from '../model/target.ts';
import { type DnsName, dnsName, type IpAddress } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { readRootHints } from '../net/dns/root-hints.ts';
import { parseResolver } from '../net/dns/server-text.ts';
import { readTrustAnchors } from '../net/dns/trust-anchor.ts';
import { requestOf } from '../net/sample/request.ts';
import { type AccessWords, accessOptionsOf, refuseSearch } from './access-options.ts';
import { type BalancerWords, balancerOptionsOf } from './balancer-options.ts';
import { readBytes, readText } from './input-file.ts';
import type { JudgingOptions } from './judging.ts';
import type { Launch } from './launch.ts';
import { systemRoots } from './roots.ts';

/** As commander hands them over. */
export interface RideOptions extends JudgingOptions, AccessWords, BalancerWords {
  readonly samples: string;
  readonly rate: string;
  readonly timeout: string;
  readonly deadline: string;
  readonly resolver: readonly string[];
  readonly trustAnchor?: string;
  readonly rootHints?: string;
  readonly policyQueries?: string;
  readonly since: readonly string[];
  readonly dns0x20: boolean;
  readonly dnsPadding: boolean;
  readonly networks: readonly string[];
  /** The same by another name. */
  readonly cloudRanges: readonly string[];
  readonly axfr?: boolean;
  readonly dnsConformance?: true;
  readonly tlsSurvey: boolean;
  readonly revocation?: true;
  readonly traceFlows?: string;
  readonly traceRounds?: string;
  readonly traceMtr?: true;
  readonly traceFullSize: boolean;
  /** False for --no-traceparent. */
  readonly traceparent: boolean;
  readonly traceHeader?: 'amzn';
  /** False for --no-trace-sampled. */
  readonly traceSampled: boolean;
  readonly infer?: true;
  /** False for --no-poll. */
  readonly poll: boolean;
  readonly connect: readonly string[];
  readonly zone: readonly string[];
  readonly caFile?: string;
  readonly sni?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly method: string;
  readonly header: readonly string[];
  readonly auth?: string;
  readonly body?: string;
  readonly userAgent?: string;
  readonly 4?: boolean;
  readonly 6?: boolean;
  readonly http?: '1.1' | '2';
  readonly clock?: 'kernel' | 'loop' | 'auto';
  readonly only?: string;
  readonly skip?: string;
  readonly plan?: boolean;
  /** Who wants every table wants those that take questions of their own, too. */
  readonly verbose?: boolean;
  readonly progress: boolean;
}

const MAX_PEM_BYTES = 4_194_304;
const MAX_ANCHOR_BYTES = 65_536;
const MAX_BODY_BYTES = 1_048_576;

/** @param file what a journey file adds; its options are among the others already */
export async function rideSettings(
  input: string,
  options: RideOptions,
  launch: Launch,
  file: Contribution = {},
): Promise<RideSettings> {
  const { surroundings } = launch;
  const target = parseTarget(input, surroundings.defaultPort ?? undefined);
  const given = options.resolver.map(parseResolver);
  const settings: RideSettings = {
    target,
    samples: wholeNumber(options.samples, '--samples', 1, 100_000),
    rate: positiveNumber(options.rate, '--rate', 1000),
    timeoutMs: bounded(parseDuration(options.timeout, '--timeout'), '--timeout'),
    deadlineMs: bounded(parseDuration(options.deadline, '--deadline'), '--deadline'),
    resolvers: given.length > 0 ? given : surroundings.resolvers,
    resolverCaPem: given.every(({ transport }) => transport === undefined)
      ? null
      : await resolverRoots(options, launch),
    dns: { mixedCase: options.dns0x20, padding: options.dnsPadding },
    families: familiesOf(options),
    connect: options.connect.map(parseConnect),
    zones: [...options.zone.map(parseZone), ...surroundings.zones],
    servername: servernameOf(options.sni, target),
    trust: { ...(await rootsOf(options, launch)), insecure: options.insecure === true },
    identity: await identityOf(options),
    request: await withCredentials(options, file, launch, withRequestOf(file, await requestSettings(options, launch))),
    http: options.http ?? 'negotiated',
    ...(options.traceSampled ? {} : { traceSampled: false }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    probes: chosenProbes(options, launch),
    probeOptions: joinedByProbe(file.probeOptions ?? {}, await probeOptionsOf(options, launch)),
    ...(await beforeOf(options, target, launch)),
    ...(await networksOf(options, launch)),
  };
  refuseUnreachable(settings);
  refuseSearch(options, settings);
  // Built and left: what cannot be sent is said now, to --plan as well.
  requestOf({ ...settings, limits: LIMITS });
  return settings;
}

/** A header of the command line replaces the file's of that name. */
function withRequestOf({ request }: Contribution, typed: RideSettings['request']): RideSettings['request'] {
  const names = new Set(typed.headers.map(([name]) => name.toLowerCase()));
  const written = (request?.headers ?? []).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...typed, headers: [...written, ...typed.headers], body: typed.body ?? request?.body ?? null };
}

/** The command line's before the file's. */
async function withCredentials(
  { auth }: RideOptions,
  file: Contribution,
  { io }: Launch,
  request: RideSettings['request'],
): Promise<RideSettings['request']> {
  const credentials =
    auth === undefined ? file.credentials : await (await import('./auth-option.ts')).credentialsOf(auth, io);
  if (credentials === undefined) return request;
  if (request.headers.some(([name]) => name.toLowerCase() === 'authorization'))
    throw new UsageError('credentials are given, and a header Authorization as well', 'leave one of the two out');
  return { ...request, credentials };
}

type ByProbe = RideSettings['probeOptions'];

function joinedByProbe(written: ByProbe, typed: ByProbe): ByProbe {
  const both = Object.entries(typed).map(([id, given]) => [id, { ...(written[id] as object), ...(given as object) }]);
  return { ...written, ...(Object.fromEntries(both) as ByProbe) };
}

/** Read here, so that a file of anchors or hints that is none is said before anything is sent. */
async function probeOptionsOf(options: RideOptions, { surroundings }: Launch) {
  const { trustAnchor, rootHints, policyQueries, axfr, verbose, dnsConformance, tlsSurvey, revocation, infer } =
    options;
  const { probeOptions } = surroundings;
  const given: {
    trustAnchor?: string;
    rootHints?: string;
    policyQueries?: number;
    mailRecords?: boolean;
    axfr?: boolean;
    conformance?: 'whole';
  } = {};
  if (dnsConformance === true) given.conformance = 'whole';
  if (trustAnchor !== undefined) {
    given.trustAnchor = await readText(trustAnchor, '--trust-anchor', MAX_ANCHOR_BYTES);
    readTrustAnchors(given.trustAnchor);
  }
  if (rootHints !== undefined) {
    given.rootHints = await readText(rootHints, '--root-hints', MAX_ANCHOR_BYTES);
    readRootHints(given.rootHints);
  }
  if (policyQueries !== undefined) given.policyQueries = wholeNumber(policyQueries, '--policy-queries', 0, 1000);
  if (verbose === true) given.mailRecords = true;
  if (axfr === true) given.axfr = true;
  const own = {
    dns: given,
    path: pathOptionsOf(options),
    tls: { ...(tlsSurvey ? {} : { survey: false, handshakes: false }), ...(revocation === true ? { revocation } : {}) },
    hosts: infer === true ? { infer } : {},
    balancer: balancerOptionsOf(options, positiveNumber(options.rate, '--rate', 1000)),
    access: accessOptionsOf(options),
    layers: options.poll ? {} : { poll: false },
  };
  const changed = Object.entries(own).filter(([, values]) => Object.keys(values).length > 0);
  const joined = changed.map(([id, values]) => [id, { ...(probeOptions[id] as object | undefined), ...values }]);
  return { ...probeOptions, ...(Object.fromEntries(joined) as RideSettings['probeOptions']) };
}

/** Who asks for rounds wants them all the way. */
function pathOptionsOf({ traceFlows, traceRounds, traceMtr, traceFullSize }: RideOptions) {
  const rounds = traceRounds === undefined ? null : wholeNumber(traceRounds, '--trace-rounds', 1, 100);
  return {
    ...(traceFlows === undefined ? {} : { flows: wholeNumber(traceFlows, '--trace-flows', 1, 16) }),
    ...(rounds === null ? {} : { rounds, targetRounds: rounds }),
    ...(traceMtr === true ? { mtr: true } : {}),
    ...(traceFullSize ? {} : { fullSize: false }),
  };
}

/** The schema of a journey is loaded only where one is read. */
async function beforeOf({ since }: RideOptions, target: Target, launch: Launch): Promise<Pick<RideSettings, 'before'>> {
  if (since.length === 0) return {};
  const { readEarlier } = await import('./earlier-journeys.ts');
  return { before: await readEarlier(since, target, launch) };
}

async function networksOf(
  { networks, cloudRanges, plan, quiet }: RideOptions & { readonly quiet?: boolean },
  launch: Launch,
): Promise<Pick<RideSettings, 'networks'>> {
  const names = [...networks, ...cloudRanges];
  if (names.length === 0) return {};
  const { readNetworks } = await import('./network-files.ts');
  return { networks: await readNetworks(names, { launch, sendsNothing: plan === true, isQuiet: quiet === true }) };
}

/** An address given by hand in a family that is left out would be passed over without a word. */
function refuseUnreachable({ connect, target, families }: RideSettings): void {
  const given =
    connect.length > 0 ? connect.map(({ address }) => address) : target.isAddress ? [target.host as IpAddress] : [];
  for (const address of given) refuseFamily(address, families, connect.length > 0 ? `--connect ${address}` : address);
}

/** @param typed how the caller wrote the address @throws UsageError for an address of a family that is left out */
export function refuseFamily(address: IpAddress, families: readonly (4 | 6)[], typed: string): void {
  if (families.includes(familyOf(address))) return;
  throw new UsageError(
    `-${families.join(' -')} leaves out ${typed}, which is IPv${familyOf(address)}`,
    'give one of the two',
  );
}

export function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from ${least} to ${most}`);
}

function positiveNumber(text: string, option: string, most: number): number {
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= most) return value;
  throw new UsageError(`${option}: "${text}" is not a number above 0 and at most ${most}`);
}

/** setTimeout's own bound is 2^31-1 ms; past it a timer fires at once. */
export function bounded(ms: number, option: string): number {
  if (ms > 0 && ms <= 2_147_483_647) return ms;
  throw new UsageError(`${option}: must be longer than 0 and at most 24 days`);
}

export function familiesOf(options: Pick<RideOptions, 4 | 6>): readonly (4 | 6)[] {
  if (options[4] === true && options[6] === true)
    throw new UsageError('-4 and -6 together leave no address', 'give one of them, or none');
  if (options[4] === true) return [4];
  return options[6] === true ? [6] : [4, 6];
}

function servernameOf(sni: string | undefined, target: Target): DnsName | null {
  if (sni === undefined) return target.isAddress ? null : (target.host as DnsName);
  return serverName(sni);
}

/** The value of --sni. @throws UsageError */
export function serverName(sni: string): DnsName {
  const name = dnsName(sni);
  // A name does not end in a number: RFC 1123 2.1. Four of them are an address, whatever the zeros in front of them.
  if (name === null || ipAddress(sni) !== null || /(^|\.)\d+$/.test(name))
    throw new UsageError(
      `--sni: "${sni}" is not a host name`,
      'addresses cannot be sent as server name (RFC 6066 section 3)',
    );
  return name;
}

/** `ADDR`, `ADDR:PORT`, `[V6]:PORT`, each with `=ZONE`. */
function parseConnect(text: string): PinnedAddress {
  const [where = '', zone] = text.split(/=(.*)/s);
  const found = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(where) ?? /^([^:]+)(?::(\d{1,5}))?$/.exec(where);
  const address = ipAddress(found?.[1] ?? where);
  const port = found?.[2] === undefined ? null : Number(found[2]);
  if (address === null || (port !== null && (port < 1 || port > 65_535))) {
    throw new UsageError(
      `--connect: "${text}" is not an address`,
      zeroPadded(found?.[1] ?? where) ?? 'write 192.0.2.1, 192.0.2.1:8443=zone-a or [2001:db8::1]:443',
    );
  }
  return { address, port, zone: zone === undefined || zone === '' ? null : zone };
}

/** `NAME=ADDR[,ADDR]` */
function parseZone(text: string): NamedZone {
  const [name = '', list = ''] = text.split(/=(.*)/s);
  const words = list.split(',').map((word) => word.trim());
  const addresses = words.map(ipAddress);
  if (name === '' || addresses.includes(null)) {
    throw new UsageError(
      `--zone: "${text}" is not NAME=ADDR[,ADDR]`,
      words.map(zeroPadded).find((remedy) => remedy !== null) ?? 'for example --zone eu-west-1a=192.0.2.1,2001:db8::1',
    );
  }
  return { name, addresses: addresses as readonly IpAddress[], source: 'flag' };
}

export async function rootsOf(
  options: Pick<RideOptions, 'caFile'>,
  { surroundings, io }: Launch,
): Promise<Omit<RideSettings['trust'], 'insecure'>> {
  if (options.caFile === undefined) {
    if (surroundings.caPem !== null) return { caPem: surroundings.caPem, source: 'given roots' };
    const system = await systemRoots(io.env);
    return system === null ? { caPem: null, source: 'roots of Node.js' } : { caPem: [system], source: 'system roots' };
  }
  const text = await readText(options.caFile, '--ca-file', MAX_PEM_BYTES);
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(
      `--ca-file: ${options.caFile} holds no PEM certificate`,
      'convert DER with: openssl x509 -inform der -in FILE',
    );
  }
  return { caPem: [text], source: 'given roots' };
}

/** A resolver over TLS or HTTPS is no part of the target: the system's roots hold for it too when --ca-file gives others. */
export async function resolverRoots(options: Pick<RideOptions, 'caFile'>, launch: Launch): Promise<readonly string[]> {
  const system = await systemRoots(launch.io.env);
  const { caPem } = await rootsOf(options, launch);
  return [...(system === null ? rootCertificates : [system]), ...(options.caFile === undefined ? [] : (caPem ?? []))];
}

async function identityOf(options: RideOptions): Promise<RideSettings['identity']> {
  if (options.clientCert === undefined && options.clientKey === undefined) return null;
  if (options.clientCert === undefined || options.clientKey === undefined) {
    throw new UsageError('--client-cert and --client-key go together');
  }
  const [certificatePem, key] = await Promise.all([
    readText(options.clientCert, '--client-cert', MAX_PEM_BYTES),
    readText(options.clientKey, '--client-key', MAX_PEM_BYTES),
  ]);
  return { certificatePem, key: new Secret('client key', key) };
}

async function requestSettings(options: RideOptions, launch: Launch): Promise<RideSettings['request']> {
  if (!/^[A-Z]{1,20}$/.test(options.method))
    throw new UsageError(`--method: "${options.method}" is not an HTTP method`, 'for example GET or HEAD');
  return {
    method: options.method,
    headers: options.header.map(parseHeader),
    body: options.body === undefined ? null : await readBytes(options.body, '--body', MAX_BODY_BYTES),
    userAgent: userAgentOf(options.userAgent, launch),
    traced: [
      ...(options.traceparent ? ['traceparent' as const] : []),
      ...(options.traceHeader === 'amzn' ? ['amzn' as const] : []),
    ],
  };
}

/** RFC 9110 5.5: visible characters, blanks and, from older times, Latin-1. An empty one would be none. */
function userAgentOf(given: string | undefined, launch: Launch): string {
  if (given === undefined) return `outrider/${launch.version}`;
  if (/^[\t\x20-\x7e\xa0-\xff]+$/.test(given)) return given;
  throw new UsageError(`--user-agent: "${given}" cannot be sent`, 'write one line of Latin letters, digits and signs');
}

function parseHeader(text: string): readonly [string, Secret] {
  const found = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/.exec(text);
  if (found?.[1] === undefined)
    throw new UsageError("--header: not of the form 'Name: value'", "for example -H 'Accept: application/json'");
  return [found[1], new Secret(`header ${found[1]}`, found[2] ?? '')];
}

function chosenProbes(options: RideOptions, launch: Launch): readonly string[] {
  const known = launch.probes.map((probe) => probe.id);
  const theProbes = `the probes are ${known.join(', ')}`;
  const named = (list: string | undefined, option: string): readonly string[] => {
    const ids = (list ?? '').split(',').filter((id) => id !== '');
    if (list !== undefined && ids.length === 0) throw new UsageError(`${option} names no probe`, theProbes);
    const stranger = ids.find((id) => !known.includes(id));
    if (stranger !== undefined)
      throw new UsageError(`${option}: no probe is called "${stranger}"`, `${suggestion(stranger, known)}${theProbes}`);
    return ids;
  };
  const only = named(options.only, '--only');
  const skip = named(options.skip, '--skip');
  const chosen = (only.length > 0 ? only : known).filter((id) => !skip.includes(id));
  if (chosen.length === 0) throw new UsageError('--only and --skip together leave no probe', theProbes);
  return chosen;
}
