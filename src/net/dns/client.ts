// Owns the resolver client that the ride and the probes share. Keeps no cache: every answer was on the wire a moment ago.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { DnsClient, DnsServer, PlainDnsServer } from '../../contract/net.ts';
import { UsageError } from '../../model/usage-error.ts';
import { openGate } from '../gate.ts';
import type { Meter } from '../meter.ts';
import { openCookies } from './cookies.ts';
import { exchange, exchangeSecured, type Ways } from './exchange.ts';
import { openCaseLosers } from './letter-case.ts';
import { lookup } from './lookup.ts';
import { pipeline } from './pipeline.ts';
import type { SecuredOptions, SecuredTransport } from './secured.ts';
import { formatServer } from './server-text.ts';
import { systemResolvers } from './system.ts';
import { beginTransfer } from './transfer.ts';
import { tryByUdp } from './trial-udp.ts';
import { openUdpLines } from './udp-lines.ts';

export interface DnsClientOptions {
  /** In the order they are asked; at least one. */
  readonly resolvers: readonly DnsServer[];
  /** Bound on one question to one server. */
  readonly timeoutMs: number;
  readonly meter: Meter;
  /** Which addresses `lookup` asks for; at least one. */
  readonly families: readonly (4 | 6)[];
  /** Whom resolvers over TLS and HTTPS must be certified by; null or absent: the roots that ship with Node. */
  readonly caPem?: readonly string[] | null;
  /** Instead of one made of `caPem`, by whoever asks often. */
  readonly context?: () => SecureContext;
  /** Who is asked for the name in the URL of a resolver over HTTPS; absent: the resolvers of the system. */
  readonly locators?: readonly PlainDnsServer[];
  /** False: questions are sent in plain letters. Absent: in mixed ones, where the question can be read on the way. */
  readonly mixedCase?: boolean;
  /** False: questions over TLS and HTTPS are as long as they are. Absent: padded (RFC 8467). */
  readonly padding?: boolean;
}

/** Bound on a trial, whose silence is an answer too: three times what a round trip round the world takes. */
const TRIAL_MS = 2_000;

/** More at once lose answers in the socket buffers of a busy machine (measured: at 1,000 in flight 2 of 100 are lost, at 100 none). */
const MAX_UNDER_WAY = 256;

export interface OpenedDnsClient extends DnsClient {
  /** Ends what is under way on kept connections; settles when no socket is left. */
  close(): Promise<void>;
}

/** @throws UsageError when there is nobody to ask or nothing to ask for */
export function openDnsClient(options: DnsClientOptions): OpenedDnsClient {
  const { resolvers, timeoutMs, meter, families, mixedCase = true, padding = true } = options;
  if (resolvers.length === 0) throw new UsageError('no resolver to ask', 'name one with --resolver IP[#PORT]');
  if (families.length === 0) throw new UsageError('neither IPv4 nor IPv6 is wanted', 'drop -4 or -6');
  const gate = openGate(MAX_UNDER_WAY);
  const ways: Ways = {
    ...{ meter, cookies: openCookies(), lines: openUdpLines(meter) },
    caseLosers: mixedCase ? openCaseLosers() : null,
  };
  const trying = { timeoutMs: Math.min(timeoutMs, TRIAL_MS), meter };
  const over = new AbortController();
  const plain: Plain = (server, question, signal) => exchange({ server, question, timeoutMs, signal, ways });
  const transportOf = keptTransports({
    context: options.context ?? lazyContext(options),
    meter,
    padded: padding,
    locate: locator(options, over.signal, plain),
  });
  const query: DnsClient['query'] = async (server, question, signal) => {
    if (server.transport === undefined) return gate(() => plain(server, question, signal));
    const transport = await transportOf(server);
    return gate(() => exchangeSecured({ server, transport, question, timeoutMs, signal }));
  };
  return {
    resolvers,
    query,
    transfer: (server, zone, signal) => gate(() => beginTransfer({ server, zone, timeoutMs, meter, signal })),
    trial: (server, trial, signal) => gate(() => tryByUdp(trial, { ...trying, server, signal })),
    pipeline: (server, trials, signal) => gate(() => pipeline(trials, { ...trying, server, signal })),
    lookup: (name, signal) => lookup(name, { resolvers, families, query, signal }),
    async close() {
      over.abort();
      await transportOf.close();
    },
  };
}

type Plain = (server: PlainDnsServer, ...asked: Asked) => ReturnType<DnsClient['query']>;
type Asked = readonly [Parameters<DnsClient['query']>[1], AbortSignal];
type SecuredServer = Exclude<DnsServer, PlainDnsServer>;

/** One transport a server, made when it is asked first; undici is loaded only for a resolver that needs it. */
function keptTransports(options: SecuredOptions) {
  const kept = new Map<string, Promise<SecuredTransport>>();
  const open = async (server: SecuredServer): Promise<SecuredTransport> =>
    server.transport === 'tls'
      ? (await import('./over-tls.ts')).overTls(server, options)
      : (await import('./over-https.ts')).overHttps(server, options);
  const transportOf = (server: SecuredServer): Promise<SecuredTransport> => {
    const key = formatServer(server);
    const transport = kept.get(key) ?? open(server);
    kept.set(key, transport);
    return transport;
  };
  const close = async (): Promise<void> => {
    await Promise.all([...kept.values()].map(async (transport) => (await transport).close()));
  };
  return Object.assign(transportOf, { close });
}

/** Reading the roots costs milliseconds, which nobody pays who asks over UDP. */
function lazyContext({ caPem }: DnsClientOptions): () => SecureContext {
  let context: SecureContext | null = null;
  return () => {
    context ??= createSecureContext(caPem === null || caPem === undefined ? {} : { ca: [...caPem] });
    return context;
  };
}

/** Looks a resolver's name up, once a name. Past the gate: those who wait for the answer stand in it. */
function locator(
  { locators, families }: DnsClientOptions,
  signal: AbortSignal,
  query: Plain,
): SecuredOptions['locate'] {
  const found = new Map<string, ReturnType<SecuredOptions['locate']>>();
  return (name) => {
    const look = async () => {
      const resolvers = locators ?? (await systemResolvers());
      const ask: DnsClient['query'] = (server, ...asked) => query(server as PlainDnsServer, ...asked);
      const { addresses } = await lookup(name, { resolvers, families, query: ask, signal });
      return addresses[0]?.address ?? null;
    };
    const address = found.get(name) ?? look();
    found.set(name, address);
    return address;
  };
}
