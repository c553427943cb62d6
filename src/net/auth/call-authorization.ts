// Owns which requests beyond the ride show who the caller is, and with what.
import type { CallRequest } from '../../contract/call.ts';
import type { Target } from '../../model/target.ts';
import { now } from '../clock.ts';
import type { Authorization, Signable } from './authorization.ts';

/** The target's origin alone is shown it, and only where the request shows nothing of its own. */
export function authorizationFor(
  { credentials, headers }: Pick<CallRequest, 'credentials' | 'headers'>,
  { url }: Target,
  { authorization, target }: { readonly authorization?: Authorization; readonly target: Target },
): Authorization | null {
  if (credentials !== true || authorization === undefined || new URL(url).origin !== new URL(target.url).origin)
    return null;
  return headers.some(([name]) => name.toLowerCase() === 'authorization') ? null : authorization;
}

/** @throws StepFailure */
export function shownBy(
  authorization: Authorization,
  { method, path, headers, body }: Omit<Signable, 'headers' | 'atMs'> & { readonly headers: readonly string[] },
  { startedAtMs, originMs }: { readonly startedAtMs: number; readonly originMs: number },
): string[] {
  const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? ''] as const] : []));
  const atMs = startedAtMs + now() - originMs;
  return authorization
    .fields({ method, path, headers: pairs, body, atMs })
    .flatMap(([name, value]) => [name, value.open()]);
}
