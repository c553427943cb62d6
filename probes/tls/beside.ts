// Owns what the probe does beside the ride: the survey by hellos and the handshakes, each on its own. Judges nothing.
import type { Gather } from '../../src/contract/probe.ts';
import type { Json } from '../../src/model/json.ts';
import { type LookedAt, lookEnds } from './ends/look.ts';
import type { TlsOptions } from './options.ts';
import { type Surveyed, survey } from './posture/survey.ts';

/** What it hands over to `gather`, in this process: never written down as it is. */
export interface Beside {
  readonly surveyed: Surveyed | null;
  readonly lookedAt: readonly LookedAt[] | null;
}

export const beside: Gather<Json, TlsOptions> = async (context) => {
  const beganMs = context.net.now();
  const { handshake } = context.net;
  const { handshakes } = context.options;
  const isWanted = handshakes !== false && context.target.scheme !== 'http';
  const [surveyed, lookedAt] = await Promise.all([
    survey(context),
    isWanted && handshake !== undefined ? lookEnds(context, handshake, handshakes === 'key-types') : null,
  ]);
  const value: Beside = {
    surveyed: surveyed.state === 'complete' ? (surveyed.value as unknown as Surveyed) : null,
    lookedAt,
  };
  return { state: 'complete', value: value as unknown as Json, elapsedMs: context.net.now() - beganMs };
};
