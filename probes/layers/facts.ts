// Owns the fact of which layers a request passes. Reads records, judges nothing.
import type { Fact, Sight } from '../../src/contract/fact.ts';
import { pointer } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
import type { LayersEvidence } from './evidence.ts';

const chain: Fact<LayersEvidence> = {
  key: 'chain',
  drift: 'layer-drift',
  rule: 'nothing-but',
  title: 'Layers of a request',
  reading: 'from the caller inwards',
  soWhat: 'A layer that is new or gone changes what is logged, cached, limited and retried.',
  look: (layers) => {
    if (layers.byEndpoint.length === 0) return { unseen: 'no endpoint answered' };
    return layers.byEndpoint.map((one, index): Sight => {
      const evidence = pointer('evidence', 'layers', 'byEndpoint', index, 'chain');
      const { endpoint, answered } = one;
      if (answered === 0) return { endpoint, value: null, because: 'it did not answer', evidence };
      if (one.chain.length === 0) return { endpoint, value: null, because: 'no layer shows itself', evidence };
      const value = [one.chain.map(({ name }) => visible(name)).join(' > ')];
      return { endpoint, value, evidence, ...(isSteady(layers, one) ? {} : { expect: null }) };
    });
  },
};

/** Every answer came through the same proxies: some edges give each machine of theirs a name of its own. */
function isSteady(
  { proxies }: LayersEvidence,
  { chain: layers, answered }: LayersEvidence['byEndpoint'][number],
): boolean {
  const named = layers.filter(({ signal }) => signal === 'via');
  return named.every(({ name }) =>
    proxies.some(({ receivedBy, n }) => visible(receivedBy) === visible(name) && n >= answered),
  );
}

export const facts: readonly Fact<LayersEvidence>[] = [chain];
