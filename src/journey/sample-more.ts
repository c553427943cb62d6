// Owns samples beyond the ride, for probes that were asked to send them: made ready when the first is wanted, stopped with the journey.
import type { SampleMore, SampleWith } from '../contract/net.ts';
import type { CookiePair } from '../model/cookie.ts';
import type { RequestTrace } from '../model/trace.ts';
import { concealingCookie } from '../net/sample/conceal.ts';
import type { Sampler } from '../net/sample/sampler.ts';
import type { RequestSettings } from './settings.ts';

export interface OpenedSampleMore {
  readonly sample: SampleMore;
  readonly sampleWith: SampleWith;
  /** Settles when nothing of it is under way. */
  close(): Promise<void>;
}

/** @param onSample given each, without the cookie that it carried: a server's key to a session is for the probe alone */
export function openSampleMore(
  request: RequestSettings,
  open: (request: RequestSettings) => Promise<Sampler>,
  onSample?: (trace: RequestTrace) => void,
): OpenedSampleMore {
  const opened = new Map<CookiePair | null, Promise<Sampler>>();
  const samplerOf = (cookie: CookiePair | null): Promise<Sampler> => {
    const own = cookie === null ? request : { ...request, headers: [...request.headers, ['cookie', cookie] as const] };
    const opening = opened.get(cookie) ?? open(own);
    opened.set(cookie, opening);
    return opening;
  };
  const sampleAs =
    (cookie: CookiePair | null): SampleMore =>
    async (endpoint, sequence, signal, until) => {
      const { trace } = await (await samplerOf(cookie)).sample(endpoint, sequence, signal, until);
      onSample?.(
        cookie === null || trace.http === null ? trace : { ...trace, http: concealingCookie(cookie)(trace.http) },
      );
      return trace;
    };
  const hasCookies = request.headers.some(([name]) => name.toLowerCase() === 'cookie');
  return {
    sample: sampleAs(null),
    sampleWith: (cookie) => (hasCookies ? null : sampleAs(cookie)),
    async close() {
      await Promise.allSettled([...opened.values()].map(async (opening) => (await opening).close()));
    },
  };
}
