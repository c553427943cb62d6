// Owns where below a server's root the agent's pages are, for reverse proxies that pass paths on as they are. Knows no page.
import { UsageError } from '../model/usage-error.ts';
import { plain } from './plain-reply.ts';
import type { Asked, Reply, Route } from './server.ts';

const redirect = (location: string, status: number): Reply => ({
  ...plain(status, `${location}\n`),
  headers: { location },
});

/** @param prefix `/` alone or `/PATH/`; @param home where who asks for the root is sent */
export function underPrefix(route: Route, prefix: string, home: string): Route {
  if (prefix === '/') return route;
  return async (asked: Asked) => {
    const { path } = asked;
    if (path === '/') return redirect(home, 302);
    if (`${path}/` === prefix) return redirect(prefix, 301);
    const reply = path.startsWith(prefix) ? await route({ ...asked, path: path.slice(prefix.length - 1) }) : null;
    return reply === null ? null : located(reply, prefix);
  };
}

function located(reply: Reply, prefix: string): Reply {
  const location = reply.headers?.['location'];
  return location?.startsWith('/') === true
    ? { ...reply, headers: { ...reply.headers, location: `${prefix}${location.slice(1)}` } }
    : reply;
}

/**
 * @param externalUrl of a reverse proxy, or a path alone; empty where there is none
 * @param routePrefix empty: the path of the URL
 * @throws UsageError
 */
export function prefixOf(externalUrl: string, routePrefix: string): { readonly prefix: string; readonly home: string } {
  if (/^["']|["']$/.test(externalUrl))
    throw new UsageError('--external-url: URL must not begin or end with quotes', 'take them away');
  if (externalUrl !== '' && !URL.canParse(externalUrl, 'http://here'))
    throw new UsageError(`--external-url: "${externalUrl}" is no URL`, 'for example https://monitoring.example/probe/');
  const path = externalUrl === '' ? '' : new URL(externalUrl, 'http://here').pathname;
  const inner = (routePrefix === '' ? path : routePrefix).replaceAll(/^\/+|\/+$/g, '');
  const prefix = inner === '' ? '/' : `/${inner}/`;
  return { prefix, home: externalUrl === '' ? prefix : externalUrl.replace(/\/+$/, '') };
}
