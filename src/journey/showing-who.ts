// Owns with what every request of a journey shows who its caller is: one for the samples, what is asked beyond them, and conversations.
import type { Call } from '../contract/call.ts';
import type { Problem } from '../model/problem.ts';
import type { Authorization } from '../net/auth/authorization.ts';
import { openAuthorization } from '../net/auth/open-authorization.ts';
import { now } from '../net/clock.ts';
import type { RequestSettings } from './settings.ts';

export interface ShowingWho {
  /** Null: nobody in particular. */
  readonly authorization: Authorization | null;
  /** By what a token endpoint is asked: there is none before the wire is open. */
  askBy(call: Call): void;
  /** In no sample's time. @param onFailure told what is missing */
  ready(signal: AbortSignal, onFailure?: (because: Problem) => void): Promise<void>;
}

/** @throws UsageError for values that cannot be sent */
export async function showingWho(
  { credentials }: RequestSettings,
  wall: { originMs: number; startedAtMs: number },
): Promise<ShowingWho> {
  let call: Call | null = null;
  if (credentials === undefined) return { authorization: null, askBy: () => undefined, ready: () => Promise.resolve() };
  const authorization = await openAuthorization(credentials, {
    call: (request, signal) => {
      if (call === null) throw new Error('a token was asked for before there was a wire');
      return call(request, signal);
    },
    wallMs: () => wall.startedAtMs + now() - wall.originMs,
  });
  return {
    authorization,
    askBy(given) {
      call = given;
    },
    async ready(signal, onFailure) {
      await authorization.ready(signal);
      const failed = authorization.failure();
      if (failed !== null && !signal.aborted) onFailure?.(failed);
    },
  };
}
