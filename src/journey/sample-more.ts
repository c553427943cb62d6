// Owns samples beyond the ride, for probes that were asked to send them: made ready when the first is wanted, stopped with the journey.
import type { SampleMore } from '../contract/net.ts';
import type { Sampler } from '../net/sample/sampler.ts';

export interface OpenedSampleMore {
  readonly sample: SampleMore;
  /** Settles when nothing of it is under way. */
  close(): Promise<void>;
}

export function openSampleMore(open: () => Promise<Sampler>): OpenedSampleMore {
  let opening: Promise<Sampler> | null = null;
  return {
    async sample(endpoint, sequence, signal, until) {
      opening ??= open();
      const { trace } = await (await opening).sample(endpoint, sequence, signal, until);
      return trace;
    },
    async close() {
      if (opening !== null) await (await opening).close();
    },
  };
}
