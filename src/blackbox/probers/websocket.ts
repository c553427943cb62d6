// Owns the websocket prober: the handshake of RFC 6455 4 over one connection to one address, then messages back and forth.

import { createHash, randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { bareHost } from '../../model/target.ts';
import type { QueryResponse, WebsocketModule } from '../config/modules.ts';
import { failureOf, Known, Late, MISTAKE, Mistake, type Phase, wordsOf } from '../failure.ts';
import { type Gauge, secondsSince } from '../gauges.ts';
import { expand } from '../go/regexp.ts';
import type { ProbeContext, Prober } from '../probe.ts';
import { portOf, proxyFor } from '../proxy-choice.ts';
import { chooseAddress } from '../resolving.ts';
import { preferenceOf, sourceOf } from '../source.ts';
import { dial, secure } from './connection.ts';
import { authorizationOf, givenHeaders } from './http-credentials.ts';
import { forgetToken, tokenFor } from './http-token.ts';
import { dialProxy, tunnel } from './proxy-connection.ts';
import { requestPath } from './request-path.ts';
import { NoToken } from './token-request.ts';
import { Messages } from './websocket-frames.ts';

/** RFC 6455 1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MOST_HEADER_BYTES = 65_536;

/** What url.Parse refuses: a colon in the first part that ends no scheme, and what cannot be printed. */
const NO_URL = /^[^/?#]*:|[^!-~]/;

interface Families {
  readonly status: Gauge;
  readonly upgraded: Gauge;
  readonly dueToRegex: Gauge;
  readonly phase: (name: 'resolve' | 'connect' | 'processing' | 'transfer') => Gauge;
}

export const probeWebsocket: Prober = async (context) => {
  const { target, log, module } = context;
  const url = URL.canParse(target) ? new URL(target) : null;
  if (url === null && NO_URL.test(target)) {
    context.fail(MISTAKE);
    log.error('Could not parse target URL', { err: `parse ${JSON.stringify(target)}: invalid` });
    return false;
  }
  const families = register(context);
  // A path alone is a URL to Go, and one without a host, which has no address.
  const host = url === null ? '' : bareHost(url);
  const chosen = await chooseAddress(context, host, preferenceOf(module, module.websocket));
  if (chosen === null || url === null) return false;
  families.phase('resolve').add(chosen.lookupSeconds);
  const token = await tokenOf(context);
  if (token === NONE) return false;
  const startMs = performance.now();
  let connectSeconds = 0;
  let opened: Upgraded | null = null;
  let socket: Socket | null = null;
  let phase: Phase = 'connect';
  try {
    socket = await connected(context, url, chosen.address, (seconds) => {
      phase = 'tls';
      connectSeconds = seconds;
      families.phase('connect').add(seconds);
    });
    phase = 'request';
    opened = await upgraded(context, url, socket, { token, status: families.status });
  } catch (error) {
    socket?.destroy();
    const refused = { phase: 'answer', reason: 'status', fault: 'target' } as const;
    context.fail(error instanceof BadHandshake ? refused : failureOf(error, phase));
    log.error('Error dialing websocket', { err: wordsOf(error) });
  }
  // Its quirk (#984): what comes behind a connection that there never was took the time of the attempt.
  if (context.quirks || phase === 'request')
    families.phase('processing').add(Math.max(0, secondsSince(startMs) - connectSeconds));
  if (opened === null) return false;
  families.upgraded.set(1);
  const messages = new Messages(opened.stream, opened.head, context.signal);
  try {
    return await conversed(context, messages, families);
  } finally {
    opened.stream.destroy();
  }
};

const NONE = Symbol('no token');

/** Before the connection: it does not wait for a token. @returns NONE where there is none, which the log says */
async function tokenOf(context: ProbeContext): Promise<string | null | typeof NONE> {
  const { http_config } = context.module.websocket;
  try {
    return http_config.oauth2 === null ? null : await tokenFor(context, http_config.oauth2);
  } catch (error) {
    context.fail({ phase: 'request', reason: error instanceof NoToken ? 'token' : 'config', fault: 'prober' });
    context.log.error('Error dialing websocket', { err: wordsOf(error) });
    return NONE;
  }
}

function register({ gauges }: ProbeContext): Families {
  const flag = (name: string, help: string): Gauge => {
    const gauge = gauges.gauge(name, help);
    gauge.set(0);
    return gauge;
  };
  return {
    upgraded: flag(
      'probe_websocket_connection_upgraded',
      'Indicates if the websocket connection was successfully upgraded',
    ),
    status: gauges.gauge('probe_websocket_status_code', 'Response HTTP status code'),
    dueToRegex: flag('probe_websocket_failed_due_to_regex', 'Indicates if probe failed due to regex'),
    phase: (name) =>
      gauges.labelled('probe_websocket_duration_seconds', 'Duration of websocket request by phase', { phase: name }),
  };
}

/** @throws Error in words */
async function connected(
  context: ProbeContext,
  url: URL,
  address: string,
  onConnect: (seconds: number) => void,
): Promise<Socket> {
  const { module, fail } = context;
  if ((url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.username !== '') {
    fail(MISTAKE);
    throw new Error('malformed ws or wss URL');
  }
  const isSecure = url.protocol === 'wss:';
  const startMs = performance.now();
  const socket = await dialled(context, url, address);
  onConnect(secondsSince(startMs));
  if (!isSecure) return socket;
  const { tls_config } = module.websocket.http_config;
  const servername = tls_config.server_name === '' ? bareHost(url) : tls_config.server_name;
  return (await secure(socket, tls_config, servername, context)).socket;
}

/** Straight, or by the proxy of the module, which is asked for the address that was chosen. */
async function dialled(context: ProbeContext, url: URL, address: string): Promise<Socket> {
  const { signal, env, module } = context;
  const { http_config } = module.websocket;
  const asked = new URL(url.href.replace(/^ws/, 'http'));
  asked.hostname = address.includes(':') ? `[${address}]` : address;
  const proxy = proxyFor(http_config, asked, env, [bareHost(url)]);
  const to = { host: address, port: portOf(asked), ...sourceOf(module) };
  if (proxy === null) return await dial({ to, signal });
  const socket = await dialProxy(context, proxy, http_config.tls_config, {});
  await tunnel(socket, proxy, asked, http_config.proxy_connect_header, context);
  return socket;
}

/** An answer that is no upgrade. */
class BadHandshake extends Error {}

interface Upgraded {
  readonly stream: Duplex;
  /** Read along with the answer. */
  readonly head: Buffer;
}

/** @throws Error in words; the status of any answer is told */
async function upgraded(
  { module, signal, userAgent, target }: ProbeContext,
  url: URL,
  socket: Socket,
  { token, status }: { readonly token: string | null; readonly status: Gauge },
): Promise<Upgraded> {
  const key = randomBytes(16).toString('base64');
  const headers = readHeaders(module.websocket, { url, key, userAgent, token });
  const answer = await new Promise<Upgraded & { readonly response: IncomingMessage }>((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const late = (): void => fail(new Late());
    const asked = begun({
      ...{ createConnection: () => socket, method: 'GET', path: requestPath(target, url), setHost: false },
      ...{ headers, maxHeaderSize: MOST_HEADER_BYTES },
    });
    asked.on('error', fail);
    asked.on('upgrade', (response, stream, head) => {
      signal.removeEventListener('abort', late);
      resolve({ response, stream, head });
    });
    asked.on('response', (response) => {
      status.set(response.statusCode ?? 0);
      const { oauth2 } = module.websocket.http_config;
      if (response.statusCode === 401 && oauth2 !== null) forgetToken(oauth2);
      fail(new BadHandshake('websocket: bad handshake'));
    });
    signal.addEventListener('abort', late, { once: true });
    if (signal.aborted) late();
    asked.end();
  });
  const { response, stream } = answer;
  // An error between two steps must not end the process; whoever reads next is told by the end.
  stream.on('error', () => undefined);
  status.set(response.statusCode ?? 0);
  if (fits(response, key)) return answer;
  stream.destroy();
  throw new BadHandshake('websocket: bad handshake');
}

/** @throws Mistake for what cannot be sent: nothing has been by then */
function begun(options: RequestOptions): ClientRequest {
  try {
    return request(options);
  } catch (error) {
    throw new Mistake(wordsOf(error));
  }
}

/** RFC 6455 4.1: what the client must look at before it believes. */
function fits({ statusCode, headers }: IncomingMessage, key: string): boolean {
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  const has = (value: string | undefined, word: string): boolean =>
    (value ?? '').split(',').some((one) => one.trim().toLowerCase() === word);
  return (
    statusCode === 101 &&
    has(headers.upgrade, 'websocket') &&
    has(headers.connection, 'upgrade') &&
    headers['sec-websocket-accept'] === accept
  );
}

interface Asked {
  readonly url: URL;
  readonly key: string;
  readonly userAgent: string;
  readonly token: string | null;
}

/** @throws Known for a file that cannot be read */
function readHeaders(...given: Parameters<typeof headersOf>): string[] {
  try {
    return headersOf(...given);
  } catch (error) {
    throw new Known(wordsOf(error), 'no-credentials', 'prober');
  }
}

/** Name and value in turn, so that one name may come twice. @throws Error for a file that cannot be read */
function headersOf({ http_config, headers }: WebsocketModule, { url, key, userAgent, token }: Asked): string[] {
  const authorization = token ?? authorizationOf(http_config);
  const given = givenHeaders(headers);
  const named = (name: string): string | undefined => given.find(([one]) => one.toLowerCase() === name)?.[1];
  return [
    ...['Host', named('host') ?? url.host, 'User-Agent', named('user-agent') ?? userAgent],
    ...['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', key, 'Sec-WebSocket-Version', '13'],
    ...(authorization === null ? [] : ['Authorization', authorization]),
    ...given.filter(([name]) => !['host', 'user-agent'].includes(name.toLowerCase())).flat(),
  ];
}

async function conversed(context: ProbeContext, messages: Messages, families: Families): Promise<boolean> {
  const { query_response: steps } = context.module.websocket;
  if (steps.length === 0) return true;
  const startMs = performance.now();
  const wentThrough = await everyStep(context, messages, steps);
  if (!wentThrough) families.dueToRegex.set(1);
  families.phase('transfer').add(secondsSince(startMs));
  return wentThrough;
}

async function everyStep(
  { log, fail }: ProbeContext,
  messages: Messages,
  steps: readonly QueryResponse[],
): Promise<boolean> {
  try {
    for (const { expect, send } of steps) {
      let text: Buffer = send;
      if (expect !== null) {
        const message = await messages.next();
        const match = expect.match(message);
        const shown = { regexp: expect.source, line: message.toString('utf8') };
        if (match === null) {
          fail({ phase: 'answer', reason: 'dialogue', fault: 'target' });
          log.error('Regexp did not match', shown);
          return false;
        }
        log.debug('regexp matched', shown);
        // Groups are bytes, kept one to a character, so that what is sent back is what came.
        const group = (name: string | number): string | null => {
          const found = match.group(name);
          return found === null ? null : Buffer.from(found, 'utf8').toString('latin1');
        };
        text = Buffer.from(expand(send.toString('latin1'), { group }), 'latin1');
      }
      if (text.byteLength > 0) messages.sendText(text);
    }
    return true;
  } catch (error) {
    fail(failureOf(error, 'answer'));
    log.error('Error reading message', { err: wordsOf(error) });
    return false;
  }
}
