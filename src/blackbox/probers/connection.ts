// Owns connections of the tcp and unix probers: dialled, secured, written to, and read by lines or bytes. What a peer sends is bounded.
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { now } from '../../net/clock.ts';
import { NO_CHAIN, type SentChain, walkChain } from '../../net/sample/chain-walk.ts';
import { lifeOf } from '../chain-life.ts';
import type { TlsConfig } from '../config/client.ts';
import { Distrust, Known, Late, Mistake } from '../failure.ts';
import { learnShare, takesCurve } from '../key-shares.ts';
import type { ProbeContext } from '../probe.ts';
import { chainShown } from '../shown-chains.ts';
import { materialOf, type TlsMaterial } from '../tls-material.ts';
import { factsOf, holdsFor, pathEnd, readTls, type TlsState } from '../tls-state.ts';

/** Bytes of one line: bufio.MaxScanTokenSize. */
const MOST_LINE = 65_536;

export interface Dialled {
  /** Path of a socket, or address and port. */
  readonly to:
    | { readonly path: string }
    | { readonly host: string; readonly port: number; readonly localAddress?: string };
  readonly signal: AbortSignal;
}

/** Rejects with the system's words. */
export async function dial({ to, signal }: Dialled): Promise<Socket> {
  checkFamilies(to);
  const socket = connect({ ...to, ...('host' in to ? { autoSelectFamily: false, noDelay: true } : {}) });
  await untilEvent(socket, 'connect', signal);
  return socket;
}

function checkFamilies(to: Dialled['to']): void {
  if ('host' in to && to.localAddress !== undefined && isIP(to.localAddress) !== isIP(to.host))
    throw new Mistake(`dial tcp: ${to.host} and the source ${to.localAddress} are of different families`);
}

export interface Secured {
  readonly socket: TLSSocket;
  readonly state: TlsState;
}

export type SecuringContext = Pick<ProbeContext, 'rootsPem' | 'signal' | 'sees' | 'wallClockMs'>;

/** What is to be spoken on a connection. */
export interface Securing {
  readonly config: TlsConfig;
  /** Also the name that the certificate must hold. */
  readonly servername: string;
  readonly context: SecuringContext;
  readonly alpn?: readonly string[];
}

/**
 * The socket is closed where it fails.
 * @throws Error in words, for a handshake or a certificate that failed; with `insecure_skip_verify` certificates do not
 */
export async function secure(
  socket: Socket,
  config: TlsConfig,
  servername: string,
  context: SecuringContext,
  alpn?: readonly string[],
): Promise<Secured> {
  const securing = { config, servername, context, ...(alpn === undefined ? {} : { alpn }) };
  const server = `${servername} ${socket.remoteAddress} ${socket.remotePort}`;
  const material = materialFor(socket, securing);
  return await handshaken(connectTls({ socket, ...optionsOf(securing, material, server) }), securing, material, server);
}

/**
 * The same on a connection of its own, for which `dial` would make a second socket.
 * @param onConnect told when the connection stands, before anything is sent on it
 */
export async function dialSecure(
  { to, signal }: { readonly to: Extract<Dialled['to'], { host: string }>; readonly signal: AbortSignal },
  securing: Securing,
  onConnect: (socket: Socket) => void,
): Promise<Secured> {
  checkFamilies(to);
  const material = usableMaterial(securing);
  if (material === null) {
    const plain = await dial({ to, signal });
    onConnect(plain);
    return await secure(plain, securing.config, securing.servername, securing.context, securing.alpn);
  }
  const server = `${securing.servername} ${to.host} ${to.port}`;
  const place = { ...to, autoSelectFamily: false, noDelay: true };
  const socket = connectTls({ ...place, ...optionsOf(securing, material, server) });
  socket.prependOnceListener('connect', () => onConnect(socket));
  return await handshaken(socket, securing, material, server);
}

function materialFor(socket: Socket, { config, context }: Securing): TlsMaterial {
  try {
    return materialOf(config, context.rootsPem);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Null: it cannot be had, which is a matter of the handshake, and told there. */
function usableMaterial({ config, context }: Securing): TlsMaterial | null {
  try {
    return materialOf(config, context.rootsPem);
  } catch {
    return null;
  }
}

function optionsOf({ servername, alpn }: Securing, material: TlsMaterial, server: string): ConnectionOptions {
  const isName = !/^[\d.]+$|:/.test(servername) && servername !== '';
  return {
    ...{ secureContext: takesCurve(server) ? material.curvesFirst() : material.context, rejectUnauthorized: false },
    ...(isName ? { servername } : {}),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  };
}

/** What is made of the certificates is decided when they have been seen, so that `sees` is told of those that are refused too. */
async function handshaken(
  socket: TLSSocket,
  { config, servername, context }: Securing,
  material: TlsMaterial,
  server: string,
): Promise<Secured> {
  const { signal, sees, wallClockMs } = context;
  const { roots } = material;
  // Node would have every certificate made into an object, for its own look at the name, which is ours to take (`holdsFor`): a seventh of a
  // probe's time. It does not for a session that goes on, and none does here.
  socket.isSessionReused = () => true;
  const seen = (sent: SentChain): void => {
    if (sent.fingerprints.length > 0) sees({ sent, servername, roots });
  };
  // A server that wants a certificate of ours ends the handshake of TLS 1.2 when it has shown its own (#1080, #1474).
  await untilEvent(socket, 'secureConnect', signal, () => seen(chainOf(socket)));
  learnShare(server, socket);
  const sent = chainShown(server, socket, now());
  seen(sent);
  const served = factsOf(sent);
  if (config.insecure_skip_verify) return { socket, state: readTls(socket, served, null) };
  const distrust = socket.authorized
    ? served.leaf !== null && holdsFor(served.leaf.certificate.extensions.names, servername)
      ? null
      : `x509: certificate is not valid for ${servername}`
    : String(socket.authorizationError);
  if (distrust === null) {
    // As Go: of all the paths that hold the longest-lived.
    const end =
      lifeOf({ sent, servername, roots }, wallClockMs())?.pathUntil ?? pathEnd(socket, material.context, served);
    return { socket, state: readTls(socket, served, end) };
  }
  socket.destroy();
  throw new Distrust(`tls: failed to verify certificate: ${distrust}`);
}

/** Empty where the handshake has not come that far. */
function chainOf(secured: TLSSocket): SentChain {
  try {
    return walkChain(secured);
  } catch {
    return NO_CHAIN;
  }
}

async function untilEvent(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  beforeEnd: () => void = () => undefined,
): Promise<void> {
  // An error after this step must not end the process; whoever reads next is told by the end.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      socket.off(event, done).off('error', fail).off('close', closed);
      signal.removeEventListener('abort', late);
    };
    const done = (): void => {
      settle();
      resolve();
    };
    const fail = (error: Error): void => {
      settle();
      beforeEnd();
      socket.destroy();
      reject(error);
    };
    const closed = (): void => fail(new Known('connection closed', 'closed'));
    const late = (): void => fail(new Late());
    socket.on(event, done).on('error', fail).on('close', closed);
    signal.addEventListener('abort', late, { once: true });
    if (signal.aborted) late();
  });
}

/** Reads a connection by lines or bytes, as bufio.Scanner and net.Conn do on the two sides of one buffer. */
export class Reader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #buffer: Buffer = Buffer.alloc(0);
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = this.#buffer.byteLength === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
      // A peer that talks faster than it is read is made to wait.
      if (this.#buffer.byteLength >= MOST_LINE) socket.pause();
      this.#wake?.();
    });
    socket.once('error', (error) => this.#end(error));
    socket.once('end', () => this.#end(null));
    socket.once('close', () => this.#end(null));
  }

  #end(failure: Error | null): void {
    this.#failure ??= failure;
    this.#ended = true;
    this.#wake?.();
  }

  /** The next line without its end (LF, CR LF); null behind the last. @throws Error when time is up or the line is too long */
  async line(): Promise<Buffer | null> {
    for (;;) {
      const at = this.#buffer.indexOf(10);
      if (at >= 0) {
        const line = this.#buffer.subarray(0, at);
        this.#take(at + 1);
        return line.at(-1) === 13 ? line.subarray(0, -1) : line;
      }
      if (this.#buffer.byteLength >= MOST_LINE) throw new Known('bufio.Scanner: token too long', 'dialogue');
      if (this.#ended) {
        if (this.#failure !== null) throw this.#failure;
        const rest = this.#buffer;
        this.#take(rest.byteLength);
        return rest.byteLength === 0 ? null : rest.at(-1) === 13 ? rest.subarray(0, -1) : rest;
      }
      await this.#more();
    }
  }

  /** What is there, at least one byte and at most `most`: one read. @throws Error at the end, or when time is up */
  async bytes(most: number): Promise<Buffer> {
    while (this.#buffer.byteLength === 0) {
      if (this.#ended) throw this.#failure ?? new Known('EOF', 'closed');
      await this.#more();
    }
    const taken = this.#buffer.subarray(0, most);
    this.#take(taken.byteLength);
    return taken;
  }

  /** As many bytes as asked for. @throws Error at the end, or when time is up */
  async exactly(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const part = await this.bytes(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Bytes that have been read ahead. */
  get ahead(): number {
    return this.#buffer.byteLength;
  }

  /** Gives the socket back to whoever goes on with it, such as TLS. Bytes that were read ahead are lost, as with bufio.Scanner. */
  release(): void {
    this.#socket.removeAllListeners('data');
    this.#socket.pause();
  }

  #take(count: number): void {
    this.#buffer = this.#buffer.subarray(count);
    if (this.#buffer.byteLength < MOST_LINE) this.#socket.resume();
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#signal.addEventListener('abort', () => resolve(), { once: true });
    if (this.#signal.aborted) resolve();
    await promise;
    this.#wake = null;
    if (this.#signal.aborted) throw new Late();
  }
}
