// Owns what stands in the request line for a target: its path and query as they are written, where Go's net/url leaves them alone. Sends nothing.

/** What net/url takes as it is in a path (validEncoded); in a query it looks for nothing but control characters. */
const PLAIN_PATH = /^(?:[\w.~$&+,/:;=@!'()*[\]-]|%[\da-f]{2})*$/i;
const PLAIN_QUERY = /^[!#-;=?-~]*$/;

/**
 * A URL of Node's has no `..` any more, nor its spelling `%2e%2e`: a module that asks whether a server lets them through would ask for another path.
 * @param target as it was asked for, with its scheme or without
 * @param url what Node reads in it, and asks for where Go would write it in another way
 */
export function requestPath(target: string, url: URL): string {
  const { protocol } = url;
  // One slash is as good as two to Node, and a backslash as good as either.
  const rest = target.toLowerCase().startsWith(protocol) ? target.slice(protocol.length) : `//${target}`;
  const [, written = '\\'] = /^\/\/[^/?#\\]*([^#]*)/.exec(rest) ?? [];
  const mark = written.indexOf('?');
  const [path, query] = mark < 0 ? [written, ''] : [written.slice(0, mark), written.slice(mark)];
  return PLAIN_PATH.test(path) && PLAIN_QUERY.test(query) ? `${path === '' ? '/' : path}${query}` : pathOf(url);
}

/** As Node writes it. */
export const pathOf = ({ pathname, search }: Pick<URL, 'pathname' | 'search'>): string => `${pathname}${search}`;
