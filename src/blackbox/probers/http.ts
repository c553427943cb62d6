// Owns the http prober: requests from redirect to redirect, as Go's client goes, and what the module demands of the last answer.

import { readFileSync } from 'node:fs';
import { CookieJar } from 'tough-cookie';
import { bareHost } from '../../model/target.ts';
import { canonicalHeader } from '../config/client.ts';
import type { HttpModule } from '../config/modules.ts';
import { type Failure, failureOf, MISTAKE, wordsOf } from '../failure.ts';
import type { Gauge } from '../gauges.ts';
import type { ProbeContext, Prober } from '../probe.ts';
import { hasProxy } from '../proxy-choice.ts';
import { chooseAddress } from '../resolving.ts';
import { preferenceOf } from '../source.ts';
import { tellTls } from '../tls-state.ts';
import {
  asksOfText,
  decoded,
  hasValidHeaders,
  hasValidJson,
  hasValidStatus,
  hasValidText,
  looksAtBody,
  mostRead,
  TOO_LARGE,
} from './http-body.ts';
import { authorizationOf, givenHeaders, urlAuthorization } from './http-credentials.ts';
import { type Hop, redirected } from './http-redirect.ts';
import {
  failureWords,
  type HttpRequest,
  type HttpResponse,
  type RoundTrip,
  roundTrip,
  type Trace,
} from './http-round-trip.ts';
import { forgetToken, tokenFor } from './http-token.ts';
import { locationOf, valuesOf } from './http1-exchange.ts';
import { requestPath } from './request-path.ts';
import { NoToken } from './token-request.ts';

/** Redirects that are followed. */
const MOST_REDIRECTS = 10;

interface Http {
  readonly context: ProbeContext;
  readonly traces: Trace[];
  /** Null until the first cookie comes. */
  jar: CookieJar | null;
  readonly dueToRegex: Gauge;
  readonly dueToCel: Gauge | null;
  redirects: number;
}

export const probeHttp: Prober = async (context) => {
  const { gauges, module, log } = context;
  const http = module.http;
  const phase = (name: string): Gauge =>
    gauges.labelled('probe_http_duration_seconds', 'Duration of http request by phase, summed over all redirects', {
      phase: name,
    });
  const length = gauges.gauge('probe_http_content_length', 'Length of http content response');
  const uncompressed = gauges.gauge('probe_http_uncompressed_body_length', 'Length of uncompressed response body');
  const redirects = gauges.gauge('probe_http_redirects', 'The number of redirects');
  const isSsl = gauges.gauge('probe_http_ssl', 'Indicates if SSL was used for the final redirect');
  const status = gauges.gauge('probe_http_status_code', 'Response HTTP status code');
  const version = gauges.gauge('probe_http_version', 'Returns the version of HTTP of the probe response');
  const dueToRegex = gauges.gauge('probe_failed_due_to_regex', 'Indicates if probe failed due to regex');
  dueToRegex.set(0);
  const hasCel = http.fail_if_body_json_matches_cel !== null || http.fail_if_body_json_not_matches_cel !== null;
  const dueToCel = hasCel
    ? gauges.gauge('probe_failed_due_to_cel', 'Indicates if probe failed due to CEL expression not matching')
    : null;
  dueToCel?.set(0);
  const url = urlOf(context.target);
  if (url === null) {
    context.fail(MISTAKE);
    log.error('Could not parse target URL', { err: context.target });
    return false;
  }
  let address: string | null = null;
  if (!(http.skip_resolve_phase_with_proxy && hasProxy(http))) {
    const chosen = await chooseAddress(context, bareHost(url), preferenceOf(context.module, http));
    phase('resolve').add(chosen?.lookupSeconds ?? gauges.value('probe_dns_lookup_time_seconds') ?? 0);
    if (chosen === null) return false;
    ({ address } = chosen);
  }
  for (const name of ['connect', 'tls', 'processing', 'transfer']) phase(name);
  const state: Http = { context, traces: [], jar: null, dueToRegex, dueToCel, redirects: 0 };
  const last = await follow(state, url, address);
  const judged = last === null ? null : await judge(state, last);
  tellPhases(state.traces, phase);
  isSsl.setOr(last === null ? null : last.answer.secured === null ? 0 : 1, 0);
  if (last?.answer.secured != null) {
    tellTls(gauges, last.answer.secured.state, { chain: true, cipher: true });
  }
  last?.answer.socket?.destroy();
  status.setOr(last?.response.status ?? null, 0);
  version.setOr(last === null ? null : Number(last.response.proto.replace('HTTP/', '')), 0);
  length.setOr(last === null ? null : contentLength(last.response, last.request.method), last === null ? 0 : -1);
  uncompressed.setOr(judged?.bytes ?? null, 0);
  redirects.set(state.redirects);
  return judged?.success === true && speaksAsWanted(context, last !== null && last.answer.secured !== null);
};

/** `http://` goes before what has no scheme. */
function urlOf(target: string): URL | null {
  return URL.parse(/^https?:\/\//i.test(target) ? target : `http://${target}`);
}

function speaksAsWanted({ module, log, fail }: ProbeContext, overTls: boolean): boolean {
  if (overTls && module.http.fail_if_ssl) {
    log.error('Final request was over SSL');
    fail({ phase: 'answer', reason: 'over-tls', fault: 'target' });
    return false;
  }
  if (!overTls && module.http.fail_if_not_ssl) {
    log.error('Final request was not over SSL');
    fail({ phase: 'answer', reason: 'not-over-tls', fault: 'target' });
    return false;
  }
  return true;
}

interface Last {
  readonly request: HttpRequest;
  readonly answer: RoundTrip;
  readonly response: HttpResponse;
  /** A redirect that was not followed: its body is not looked at. */
  readonly refused: boolean;
}

async function follow(state: Http, target: URL, address: string | null): Promise<Last | null> {
  const { context } = state;
  const { log, module } = context;
  const request = firstRequest(context, target, address);
  if (request === null) return null;
  let current = request;
  for (;;) {
    const { url, host } = current;
    log.debug('Making HTTP request', { url: url.href, host });
    const trace: Trace = { tls: url.protocol === 'https:' };
    state.traces.push(trace);
    const isCross = url.host !== request.url.host;
    const headers = await withCookies(state, current, isCross);
    if (headers === null) return null;
    const answer = await roundTrip(context, module.http, { ...current, headers }, trace);
    if (answer.response === null) {
      log.error('Error for HTTP request', { err: answer.failure ?? '' });
      answer.socket?.destroy();
      return null;
    }
    const { response } = answer;
    if (response.status === 401 && module.http.oauth2 !== null && !isCross) forgetToken(module.http.oauth2);
    for (const cookie of valuesOf(response, 'set-cookie')) {
      state.jar ??= new CookieJar();
      await state.jar.setCookie(cookie, url.href, { ignoreError: true });
    }
    const location = locationOf(response, current);
    if (location === null) {
      trace.end = performance.now();
      return { request: current, answer, response, refused: false };
    }
    const next = redirected(current, location, response.status, request);
    if (next === null) return astray(context, answer, 'failed to parse Location header');
    state.redirects += 1;
    log.info('Received redirect', { location });
    if (state.redirects > MOST_REDIRECTS || !module.http.follow_redirects) {
      log.info('Not following redirect');
      trace.end = performance.now();
      return { request: current, answer, response, refused: true };
    }
    if (!/^https?:$/.test(next.url.protocol))
      return astray(context, answer, `unsupported protocol scheme "${next.url.protocol.slice(0, -1)}"`);
    answer.socket?.destroy();
    current = next;
  }
}

/** It leads where no request can go: there is no last answer then, as with Go. */
function astray({ log, fail }: ProbeContext, { socket }: RoundTrip, err: string): null {
  log.error('Error for HTTP request', { err });
  fail({ phase: 'answer', reason: 'http-protocol', fault: 'target' });
  socket?.destroy();
  return null;
}

/** The URL's host becomes the address that was chosen, if one was; Host and server name stay what was asked for. */
function firstRequest(context: ProbeContext, target: URL, address: string | null): Hop | null {
  const { module, log, userAgent, fail } = context;
  const { http } = module;
  const named = [...http.headers].findLast(([name]) => canonicalHeader(name) === 'Host')?.[1];
  const url = new URL(target);
  if (address !== null) url.hostname = address.includes(':') ? `[${address}]` : address;
  if (url.username !== '' || url.password !== '') {
    url.username = '';
    url.password = '';
  }
  const method = http.method === '' ? 'GET' : http.method;
  let body: Buffer | null = http.body.byteLength > 0 ? http.body : null;
  try {
    if (http.body_file !== '') body = streamed(readFileSync(http.body_file), method);
  } catch (error) {
    fail({ ...MISTAKE, phase: 'request' });
    log.error('Error creating request', { err: error instanceof Error ? error.message : '' });
    return null;
  }
  const own = [...http.headers].filter(([name]) => canonicalHeader(name) !== 'Host');
  const hasAgent = own.some(([name]) => canonicalHeader(name) === 'User-Agent');
  return {
    ...{
      url,
      address,
      path: requestPath(context.target, target),
      byUserInfo: urlAuthorization(target),
      name: bareHost(target),
      host: named ?? target.host,
      ...{ method, body },
      isStreamed: http.body_file !== '',
    },
    servername: http.tls_config.server_name === '' ? (named ?? bareHost(target)) : http.tls_config.server_name,
    headers: [...(hasAgent ? [] : [['user-agent', userAgent] as const]), ...own],
    ...{ mostBytes: mostRead(http), keepsBody: looksAtBody(http) },
  };
}

/** An empty file is no body for methods that seldom have one (net/http, requestMethodUsuallyLacksBody). */
function streamed(file: Buffer, method: string): Buffer | null {
  return file.byteLength === 0 && LACK_BODY.has(method) ? null : file;
}

const LACK_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND', 'SEARCH']);

/** Credentials go to the first host alone (prometheus/common, isCrossHostRedirect). @returns null where they cannot be had */
async function withCookies(
  { context, jar }: Http,
  { url, headers, byUserInfo }: Hop,
  isCross: boolean,
): Promise<HttpRequest['headers'] | null> {
  const cookies = (await jar?.getCookieString(url.href)) ?? '';
  const isGiven = headers.some(([name]) => name.toLowerCase() === 'authorization');
  try {
    const { oauth2 } = context.module.http;
    const token = isCross || oauth2 === null ? null : await tokenFor(context, oauth2);
    // In the order of Go: a header of the module, what the URL says, what else the module has; a token over all of them.
    const own = (): string | null => (isCross ? null : authorizationOf(context.module.http));
    const authorization = token ?? (isGiven ? null : (byUserInfo ?? own()));
    return [
      ...headers.filter(([name]) => token === null || name.toLowerCase() !== 'authorization'),
      ...(cookies === '' ? [] : [['cookie', cookies] as const]),
      ...(authorization === null ? [] : [['authorization', authorization] as const]),
      ...(isCross ? [] : givenHeaders(context.module.http.http_headers)),
    ];
  } catch (error) {
    const reason = error instanceof NoToken ? 'token' : 'no-credentials';
    context.fail({ phase: 'request', reason, fault: 'prober' });
    context.log.error('Error for HTTP request', { err: wordsOf(error) });
    return null;
  }
}

async function judge(
  { context, dueToRegex, dueToCel }: Http,
  { response, refused }: Last,
): Promise<{ readonly success: boolean; readonly bytes: number }> {
  const { module, log, gauges } = context;
  const { http } = module;
  const missed = (reason: Failure['reason']): void => context.fail({ phase: 'answer', reason, fault: 'target' });
  let success = hasValidStatus(context, response.status);
  if (!success) missed('status');
  if (success && http.fail_if_header_matches.length + http.fail_if_header_not_matches.length > 0) {
    success = hasValidHeaders(context, response);
    if (!success) missed('header');
    dueToRegex.set(success ? 0 : 1);
  }
  let bytes = 0;
  try {
    if (response.cut !== null) throw response.cut;
    const body = refused ? Buffer.alloc(0) : await decoded(http, response);
    bytes = refused || looksAtBody(http) ? body.byteLength : response.bodyBytes;
    if (success && asksOfText(http)) {
      success = hasValidText(context, body);
      if (!success) missed('body');
      dueToRegex.set(success ? 0 : 1);
    }
    if (success && dueToCel !== null) {
      success = hasValidJson(context, body);
      if (!success) missed('json');
      dueToCel.set(success ? 0 : 1);
    }
  } catch (error) {
    const { cut } = response;
    const words = failureWords(error);
    log.error('Failed to read HTTP response body', { err: words });
    // What cannot be read does not match.
    if (success && (cut !== null || words === TOO_LARGE)) (asksOfText(http) ? dueToRegex : dueToCel)?.set(1);
    success = false;
    if (cut === null) missed(words === TOO_LARGE ? 'body-too-large' : 'body');
    else context.fail(failureOf(cut, 'answer'));
    bytes = bytesRead(http, response.bodyBytes, words === TOO_LARGE);
  }
  const modified = Date.parse(valuesOf(response, 'last-modified')[0] ?? '');
  if (!Number.isNaN(modified))
    gauges
      .gauge('probe_http_last_modified_timestamp_seconds', 'Returns the Last-Modified HTTP response header in unixtime')
      .set(Math.trunc(modified / 1000));
  if (http.valid_http_versions.length > 0 && !http.valid_http_versions.includes(response.proto)) {
    log.error('Invalid HTTP version number', { version: response.proto });
    missed('http-version');
    success = false;
  }
  return { success, bytes };
}

/** Of a body that was not read to its end: up to the limit, or none that could be decoded (Go has lost 4 KiB by then, and counts what follows). */
function bytesRead({ compression, body_size_limit }: HttpModule, received: number, tooLarge: boolean): number {
  if (tooLarge) return Number(body_size_limit);
  return compression === '' || compression === 'identity' ? received : 0;
}

/** Go's Response.ContentLength; null where nobody said. */
function contentLength(response: HttpResponse, method: string): number | null {
  const { status, proto } = response;
  if (method !== 'HEAD' && (status < 200 || status === 204 || status === 304)) return 0;
  const [given] = valuesOf(response, 'content-length');
  const isChunked = proto !== 'HTTP/1.0' && valuesOf(response, 'transfer-encoding').length > 0;
  return given !== undefined && /^\d+$/.test(given) && !isChunked ? Number(given) : null;
}

function tellPhases(traces: readonly Trace[], phase: (name: string) => Gauge): void {
  const add = (name: string, from: number | undefined, to: number | undefined): void => {
    if (from !== undefined && to !== undefined) phase(name).add(Math.round((to - from) * 1e6) / 1e9);
  };
  for (const [at, trace] of traces.entries()) {
    // That of the first request is the choice of the address.
    if (at > 0) add('resolve', trace.start, trace.resolved);
    if (trace.gotConnection === undefined) continue;
    if (trace.connectMs === undefined)
      add('connect', trace.resolved, trace.tls ? trace.connected : trace.gotConnection);
    else phase('connect').add(trace.connectMs / 1000);
    if (trace.tls) add('tls', trace.tlsStart, trace.tlsDone);
    if (trace.firstByte === undefined) continue;
    add('processing', trace.gotConnection, trace.firstByte);
    add('transfer', trace.firstByte, trace.end);
  }
}
