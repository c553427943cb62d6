// Owns what a step speaks, and which URLs fit it. Pure.

interface Talking {
  readonly url?: unknown;
  readonly websocket?: unknown;
  readonly grpcHealth?: unknown;
  readonly lines?: unknown;
}

/** What the record calls it in the place of a method. */
export function talkName({ websocket, grpcHealth, lines }: Talking): string | null {
  if (websocket !== undefined) return 'WebSocket';
  if (grpcHealth !== undefined) return 'gRPC health';
  return lines === undefined ? null : 'lines';
}

/** Over what it goes, as the other parts of the house call it: `wss` is TLS as `https` is. */
export function withoutOwnScheme(url: string): string {
  return url.replace(/^(wss|grpcs|tls):\/\//i, 'https://').replace(/^(ws|grpc|tcp):\/\//i, 'http://');
}

const SCHEMES: Readonly<Record<string, readonly string[]>> = {
  HTTP: ['http', 'https'],
  WebSocket: ['ws', 'wss', 'http', 'https'],
  'gRPC health': ['grpc', 'grpcs', 'http', 'https'],
  lines: ['tcp', 'tls'],
};

/** Null when it fits, and for a URL that is known only when it is sent. With lines the port is no matter of course. */
export function urlFault(step: Talking): string | null {
  const url = typeof step.url === 'string' ? step.url : '';
  const scheme = /^([a-z]+):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return null;
  const kind = talkName(step) ?? 'HTTP';
  const known = SCHEMES[kind] ?? [];
  if (!known.includes(scheme)) return `the URL of ${kind} begins with ${known.join(' or ')}`;
  return kind === 'lines' && !/:\d+\/?$/.test(url) ? 'write the port: tcp://HOST:PORT' : null;
}
