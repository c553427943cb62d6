// Owns what is asked for where an answer leads, as Go's client goes on (net/http, redirectBehavior, makeHeadersCopier). Sends nothing.
import { bareHost } from '../../model/target.ts';
import { urlAuthorization } from './http-credentials.ts';
import type { HttpRequest } from './http-round-trip.ts';
import { keepsRequest } from './http1-exchange.ts';
import { pathOf } from './request-path.ts';

export interface Hop extends HttpRequest {
  /** Value of Authorization by the user info of its URL, which is in `url` no more; null without. */
  readonly byUserInfo: string | null;
}

/** What is meant for the first host alone. */
const OWN_HOST = new Set(['authorization', 'www-authenticate', 'cookie', 'cookie2']);
const OF_BODY = new Set(['content-type', 'content-length', 'content-encoding']);

/** @returns null for a location that is no URL */
export function redirected(request: Hop, location: string, status: number, first: HttpRequest): Hop | null {
  if (!URL.canParse(location, request.url)) return null;
  const url = new URL(location, request.url);
  const isRelative = !URL.canParse(location);
  const byUserInfo = isRelative && !/^[/\\]{2}/.test(location) ? request.byUserInfo : urlAuthorization(url);
  url.username = '';
  url.password = '';
  const keeps = keepsRequest(status);
  const isSameHost = url.host === first.url.host;
  const headers = request.headers
    .filter(([name]) => isSameHost || !OWN_HOST.has(name.toLowerCase()))
    .filter(([name]) => keeps || !OF_BODY.has(name.toLowerCase()))
    .filter(([name]) => name.toLowerCase() !== 'referer');
  const referer =
    request.url.protocol === 'https:' && url.protocol === 'http:' ? [] : [['referer', request.url.href] as const];
  return {
    ...{
      url,
      path: pathOf(url),
      byUserInfo,
      mostBytes: request.mostBytes,
      keepsBody: request.keepsBody,
    },
    method: keeps || request.method === 'HEAD' ? request.method : 'GET',
    body: keeps ? request.body : null,
    isStreamed: keeps && request.isStreamed,
    address: isSameHost ? first.address : null,
    name: isSameHost ? first.name : bareHost(url),
    host: isRelative ? request.host : url.host,
    servername: isSameHost ? first.servername : '',
    headers: [...headers, ...referer],
  };
}
