// Owns connections of requests beyond the ride: opened, verified, kept while somebody wants them, counted, and closed with the journey.
// Never opens one that nobody asked for.

import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { KeptConnection } from '../../contract/call.ts';
import { problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { Endpoint, Target } from '../../model/target.ts';
import { type DnsName, type WireText, wireText } from '../../model/text.ts';
import type { HopId, Span, TcpFacts } from '../../model/trace.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { NO_CHAIN } from '../sample/chain-walk.ts';
import { walkIsAsSent } from '../sample/chain-walk-trial.ts';
import { connectTo } from '../sample/connect.ts';
import { type ExchangeRequest, type Line, openLine } from '../sample/exchange.ts';
import { handshake, type Learnt, sharedContext } from '../sample/handshake.ts';
import { ALPN } from '../sample/sampler.ts';
import { StepFailure } from '../sample/step.ts';
import { distrustOf } from '../sample/unverified.ts';
import { warmUp } from '../sample/warm-up.ts';

export interface ConnectionOptions {
  /** Its host alone is shown the client certificate, and `servername`. */
  readonly target: Target;
  readonly servername: DnsName | null;
  readonly trust: { readonly caPem: readonly string[] | null; readonly insecure: boolean };
  readonly identity: { readonly certificatePem: string; readonly key: Secret } | null;
  readonly http: '1.1' | '2' | 'negotiated';
  /** Bound on each single step: connect, TLS, wait, receive. */
  readonly timeoutMs: number;
  readonly meter: Meter;
  readonly originMs: number;
}

/** Between two requests of one person's steps; servers close sooner (nginx after 75 s). */
const IDLE_MS = 60_000;

const WITHOUT_HTTP2 = problem(
  'tls-protocol',
  'tls',
  wireText('HTTP/2 was demanded, but the server did not agree to it by ALPN'),
);

interface Known extends Learnt {
  tcp: TcpFacts | null;
  /** Why the certificate does not vouch for the host; null when it does, or in the clear. */
  unverified: WireText | null;
}

type Spans = Partial<Record<HopId, Span>>;

interface Opening {
  readonly endpoint: Endpoint;
  readonly target: Target;
  readonly http: keyof typeof ALPN;
  readonly request: Pick<ExchangeRequest, 'origin' | 'limits'>;
  /** Something else than HTTP's own exchanges goes over it: what is offered by ALPN. */
  readonly raw?: readonly string[];
}

export function openConnections(options: ConnectionOptions) {
  const contexts = contextsOf(options);
  const alive = new Map<KeptConnection, Connection>();
  return {
    prepare(opening: Opening): Connection {
      const connection = new Connection(opening, options, contexts, (kept) => alive.delete(kept));
      alive.set(connection.kept, connection);
      return connection;
    },
    /** Null when it cannot carry a request to that origin. */
    take(kept: KeptConnection | null, origin: string): Connection | null {
      const connection = kept === null ? undefined : alive.get(kept);
      return connection !== undefined && connection.kept.origin === origin && connection.kept.isUsable()
        ? connection
        : null;
    },
    close(): void {
      for (const kept of [...alive.keys()]) kept.close();
    },
  };
}

type Contexts = (host: Target['host']) => SecureContext;

/** The client certificate is for the target, and shown to nobody whom an answer names. */
function contextsOf({ trust, identity, target }: ConnectionOptions): Contexts {
  return (host) => sharedContext(trust.caPem, host === target.host ? identity : null);
}

/** From its opening to its end. */
export class Connection {
  readonly endpoint: Endpoint;
  readonly learnt: Known = { facts: null, chain: NO_CHAIN, staple: null, tcp: null, unverified: null };
  readonly kept: KeptConnection;
  readonly #opening: Opening;
  readonly #options: ConnectionOptions;
  readonly #contexts: Contexts;
  #raw: Socket | null = null;
  #line: Line | null = null;
  #counted = { bytesSent: 0, bytesReceived: 0 };

  constructor(
    opening: Opening,
    options: ConnectionOptions,
    contexts: Contexts,
    onClosed: (kept: KeptConnection) => void,
  ) {
    this.endpoint = opening.endpoint;
    this.#opening = opening;
    this.#options = options;
    this.#contexts = contexts;
    const kept: KeptConnection = {
      origin: opening.request.origin,
      isUsable: () => this.#line?.isUsable() === true,
      close: () => {
        this.count();
        this.#line?.close();
        this.#raw?.destroy();
        onClosed(kept);
      },
    };
    this.kept = kept;
  }

  /** Fills the spans as it goes on. @throws StepFailure */
  async open(spans: Spans, signal: AbortSignal): Promise<Socket> {
    const { target, http, request, raw } = this.#opening;
    const { timeoutMs, meter, originMs } = this.#options;
    const isPlain = target.scheme === 'http';
    await warmUp(isPlain ? ['plain'] : ALPN[http], this.#contexts(target.host), null);
    const onSocket = (opened: Socket): void => {
      this.#raw = opened;
    };
    const onSent = (): void => meter.add({ connections: 1 });
    const connected = await connectTo(this.endpoint, timeoutMs, signal, onSocket, onSent);
    const { socket, startMs, tcp, stamped: _, ...figure } = connected;
    this.learnt.tcp = tcp;
    spans.connect = { startMs: startMs - originMs, ...figure };
    const ready = isPlain ? socket : await this.#secure(socket, spans, signal);
    if (raw === undefined) this.#line = openLine(ready, request, IDLE_MS);
    return ready;
  }

  /** @throws StepFailure */
  async #secure(socket: Socket, spans: Spans, signal: AbortSignal): Promise<TLSSocket> {
    const { target, http, raw: alpn = ALPN[http] } = this.#opening;
    const { timeoutMs, originMs } = this.#options;
    const servername = serverNameFor(target, this.#options);
    const readsChain = await walkIsAsSent();
    const beginMs = now();
    const wanted = { context: this.#contexts(target.host), servername, alpn, timeoutMs, readsChain };
    const secured = await handshake(socket, wanted, this.learnt, signal);
    spans.tls = { startMs: beginMs - originMs, durationMs: now() - beginMs, clock: 'loop' };
    this.learnt.unverified = distrust(secured, target.host);
    if (http === '2' && secured.alpnProtocol !== 'h2') throw new StepFailure(WITHOUT_HTTP2);
    return secured;
  }

  /** Below TLS. Null before it is open. */
  get socket(): Socket | null {
    return this.#raw;
  }

  /** @throws StepFailure when the server could not be verified and that matters */
  refuseUnverified(): void {
    if (this.learnt.unverified === null || this.#options.trust.insecure) return;
    throw new StepFailure(problem('withheld', 'send', this.learnt.unverified));
  }

  exchange(...given: Parameters<Line['exchange']>): ReturnType<Line['exchange']> {
    if (this.#line === null) throw new Error('an exchange on a connection that is not open');
    return this.#line.exchange(...given);
  }

  /** Adds to the meter what has passed since the last time. */
  count(): void {
    const { bytesWritten: bytesSent = 0, bytesRead: bytesReceived = 0 } = this.#raw ?? {};
    const before = this.#counted;
    this.#options.meter.add({
      bytesSent: bytesSent - before.bytesSent,
      bytesReceived: bytesReceived - before.bytesReceived,
    });
    this.#counted = { bytesSent, bytesReceived };
  }
}

function serverNameFor({ host, isAddress }: Target, { target, servername }: ConnectionOptions): DnsName | null {
  if (host === target.host) return servername;
  return isAddress ? null : (host as DnsName);
}

function distrust(socket: TLSSocket, host: string): WireText | null {
  const words = distrustOf(socket, host);
  return words === null ? null : wireText(words, 300);
}
