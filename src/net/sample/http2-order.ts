// Owns the order in which what node:http2 leaves behind is collected: a stream before its session. Never keeps either for longer than that.
// A stream that the server gave a field block without `:status` still holds fields of it; a session that is collected before such
// a stream finds memory that is not accounted for, and ends the process (node_http2.cc, `current_nghttp2_memory_ == 0`).
import { subscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Stream, Http2Session } from 'node:http2';

const sessions = new FinalizationRegistry<object>(() => undefined);
let subscribed = false;

/** For all streams that this process begins from now on. */
export function keepSessionsBehindStreams(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe('http2.client.stream.start', (message) => {
    const { stream } = message as { readonly stream: ClientHttp2Stream };
    const [handle, session] = [handleOf(stream), handleOf(stream.session)];
    if (handle !== null && session !== null) sessions.register(handle, session);
  });
}

/** What of it is not JavaScript; null where this Node keeps it elsewhere. */
function handleOf(owner: ClientHttp2Stream | Http2Session | undefined): object | null {
  if (owner === undefined) return null;
  for (const key of Object.getOwnPropertySymbols(owner)) {
    if (key.description !== 'kHandle') continue;
    const handle: unknown = (owner as unknown as Record<symbol, unknown>)[key];
    if (typeof handle === 'object' && handle !== null) return handle;
  }
  return null;
}
