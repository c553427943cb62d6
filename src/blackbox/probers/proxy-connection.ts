// Owns connections to proxies, and the tunnels through them: by CONNECT (RFC 9110 9.3.6), or by SOCKS 5. Chooses no proxy, and shows no password.

import { request } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { bareHost } from '../../model/target.ts';
import { visible } from '../../model/text.ts';
import type { TlsConfig } from '../config/client.ts';
import { Late, NotAllowed, ProxyTrouble, wordsOf } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';
import { isSocks, portOf } from '../proxy-choice.ts';
import { sourceFamily, sourceOf } from '../source.ts';
import { dial, secure } from './connection.ts';
import { unescaped, urlAuthorization } from './http-credentials.ts';
import { socksConnect } from './socks-connection.ts';

const MOST_HEADER_BYTES = 65_536;

export interface ProxyMoments {
  resolved?: number;
  connected?: number;
}

/** Rejects with ProxyTrouble, or NotAllowed for an address that must not be gone to. */
export async function dialProxy(
  { resolve, allows, signal, rootsPem, module, wallClockMs }: ProbeContext,
  proxy: URL,
  tls: TlsConfig,
  moments: ProxyMoments,
): Promise<Socket> {
  const name = bareHost(proxy);
  try {
    const [host] = isIP(name) === 0 ? await resolve(name, sourceFamily(module), signal) : [name];
    if (host === undefined) throw new Error(`lookup ${name}: no such host`);
    moments.resolved = performance.now();
    const refusal = allows(host, name);
    if (refusal !== null) throw new NotAllowed(refusal);
    const socket = await dial({ to: { host, port: portOf(proxy), ...sourceOf(module) }, signal });
    moments.connected = performance.now();
    if (proxy.protocol !== 'https:') return socket;
    // Its certificates are not the target's.
    const own = { rootsPem, signal, wallClockMs, sees: () => undefined };
    // Its own name, and not the target's as net/http has it where tls_config names a server.
    return (await secure(socket, tls, name, own, ['http/1.1'])).socket;
  } catch (error) {
    if (error instanceof NotAllowed) throw error;
    throw troubleOf(error, proxy);
  }
}

type Asking = Pick<ProbeContext, 'signal' | 'userAgent'>;

/** Asks the proxy for a connection to the host of `url`; the socket is that connection then. Rejects with ProxyTrouble. */
export async function tunnel(
  socket: Socket,
  proxy: URL,
  url: URL,
  given: ReadonlyMap<string, readonly string[]>,
  asking: Asking,
): Promise<void> {
  if (!isSocks(proxy)) return await tunnelByConnect(socket, proxy, url, given, asking);
  const { username, password } = proxy;
  const credentials =
    username === '' && password === '' ? null : { name: unescaped(username), password: unescaped(password) };
  try {
    await socksConnect(socket, { host: bareHost(url), port: portOf(url) }, credentials, asking.signal);
  } catch (error) {
    socket.destroy();
    throw error instanceof ProxyTrouble
      ? new ProxyTrouble(`proxy ${proxy.host} refused: ${error.message}`, error.fault)
      : troubleOf(error, proxy);
  }
}

async function tunnelByConnect(
  socket: Socket,
  proxy: URL,
  url: URL,
  given: ReadonlyMap<string, readonly string[]>,
  { signal, userAgent }: Asking,
): Promise<void> {
  const to = `${url.hostname}:${portOf(url)}`;
  const authorization = urlAuthorization(proxy);
  try {
    await new Promise<void>((resolve, reject) => {
      const late = (): void => {
        socket.destroy();
        reject(new Late());
      };
      const asked = request({ createConnection: () => socket, method: 'CONNECT', path: to, setHost: false, ...LIMITS });
      for (const [name, value] of [['Host', to] as const, ['User-Agent', userAgent] as const, ...given])
        asked.setHeader(name, value);
      if (authorization !== null) asked.setHeader('Proxy-Authorization', authorization);
      asked.removeHeader('connection');
      asked.on('error', reject);
      asked.on('connect', ({ statusCode = 0, statusMessage = '' }, _socket, head) => {
        signal.removeEventListener('abort', late);
        if (statusCode !== 200) reject(refusalOf(statusCode, statusMessage, proxy));
        else if (head.byteLength > 0) reject(new Error('bytes came before the target was spoken to'));
        else resolve();
      });
      signal.addEventListener('abort', late, { once: true });
      if (signal.aborted) late();
      asked.end();
    });
  } catch (error) {
    socket.destroy();
    throw troubleOf(error, proxy);
  }
}

const LIMITS = { maxHeaderSize: MOST_HEADER_BYTES } as const;

/** Whose fault: a gateway's error is the target's (RFC 9110 15.6.3), missing credentials are ours, the rest is the proxy's rule. */
function refusalOf(status: number, words: string, proxy: URL): ProxyTrouble {
  const fault = status >= 502 && status <= 504 ? 'target' : status === 407 ? 'prober' : 'network';
  return new ProxyTrouble(`proxy ${proxy.host} refused CONNECT: ${status} ${visible(words.slice(0, 200))}`, fault);
}

function troubleOf(error: unknown, proxy: URL): ProxyTrouble {
  if (error instanceof ProxyTrouble) return error;
  const words = wordsOf(error);
  return new ProxyTrouble(`proxyconnect ${proxy.host}: ${visible(words)}`, 'network');
}
