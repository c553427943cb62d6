// Owns the facts of the balancer that a person may expect to stay: its layer, reach and product, and how it answers.
// Reads records, judges nothing.
import type { Fact, Sight } from '../../src/contract/fact.ts';
import { pointer } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
import type { BalancerEvidence, EndpointRecord } from './evidence.ts';

const at = (...path: readonly (string | number)[]) => pointer('evidence', 'balancer', ...path);

/** Fields that come with some answers and not with others by their nature. */
const PASSING = new Set([
  'age',
  'connection',
  'content-length',
  'keep-alive',
  'retry-after',
  'set-cookie',
  'transfer-encoding',
  'x-cache',
  'x-cache-hits',
]);

/** A conclusion about the whole; null is no conclusion. */
function concluded(
  key: 'layer' | 'scope' | 'product',
  fact: Omit<Fact, 'key' | 'rule' | 'look'>,
): Fact<BalancerEvidence> {
  return {
    ...fact,
    ...{ key, rule: 'nothing-but' },
    look: (balancer) => {
      const value = balancer[key];
      if (value === null) return { unseen: 'it could not be told' };
      const isSure = key !== 'layer' || balancer.layerConfidence === 'strong';
      return [
        { endpoint: null, value: [visible(String(value))], evidence: at(key), ...(isSure ? {} : { expect: null }) },
      ];
    },
  };
}

function ofEach(
  balancer: BalancerEvidence,
  sight: (record: EndpointRecord, index: number) => Omit<Sight, 'endpoint'>,
): readonly Sight[] | { readonly unseen: string } {
  if (balancer.byEndpoint.length === 0) return { unseen: 'no endpoint was asked' };
  return balancer.byEndpoint.map((record, index) => ({ endpoint: record.endpoint, ...sight(record, index) }));
}

const statuses: Fact<BalancerEvidence> = {
  key: 'statuses',
  drift: 'status-drift',
  rule: 'nothing-but',
  title: 'Status of the answers',
  reading: 'nothing but these',
  soWhat: 'Callers get another answer than they used to.',
  look: (balancer) =>
    ofEach(balancer, ({ statuses: seen }, index) => {
      const names = Object.keys(seen);
      const evidence = at('byEndpoint', index, 'statuses');
      return names.length > 0 ? { value: names, evidence } : { value: null, because: 'it did not answer', evidence };
    }),
};

const headers: Fact<BalancerEvidence> = {
  key: 'headers',
  drift: 'header-drift',
  rule: 'at-least-these',
  title: 'Header fields of the answers',
  reading: 'each answer has these, and may have more',
  soWhat: 'Something on the way no longer adds it, or another thing answers.',
  look: (balancer) =>
    ofEach(balancer, ({ answers }, index) => {
      const evidence = at('byEndpoint', index, 'answers');
      if (answers.length === 0) return { value: null, because: 'it did not answer', evidence };
      const forms = answers.map(({ headerNames }) => headerNames.map((name) => visible(name).toLowerCase()));
      const [first = [], ...others] = forms;
      const always = first.filter((name) => others.every((form) => form.includes(name)));
      const isSteady = answers.every(({ headerVariants }) => headerVariants === 1);
      const told = always.filter((name) => !PASSING.has(name));
      return { value: always, evidence, ...(isSteady ? { expect: told } : { expect: null }) };
    }),
};

const server: Fact<BalancerEvidence> = {
  key: 'server',
  drift: 'server-drift',
  rule: 'nothing-but',
  title: 'Server field of the answers',
  reading: 'as sent',
  soWhat: 'Other software answers, or another version of it.',
  look: (balancer) =>
    ofEach(balancer, ({ server: seen, answers }, index) => {
      const evidence = at('byEndpoint', index, 'server');
      if (seen !== null) return { value: [visible(seen)], evidence };
      const because = answers.length === 0 ? 'it did not answer' : 'answers have no such field';
      return { value: null, because, evidence };
    }),
};

const algorithm: Fact<BalancerEvidence> = {
  key: 'algorithm',
  drift: 'algorithm-drift',
  rule: 'nothing-but',
  title: 'How hosts are chosen',
  reading: 'round robin, random...; an inference',
  soWhat: 'Callers are shared out among the hosts in another way.',
  learned: false,
  look: (balancer) =>
    ofEach(balancer, ({ algorithm: seen }, index) => {
      const evidence = at('byEndpoint', index, 'algorithm');
      return seen === null ? { value: null, because: 'it could not be told', evidence } : { value: [seen], evidence };
    }),
};

export const facts: readonly Fact<BalancerEvidence>[] = [
  concluded('layer', {
    drift: 'balancer-layer-drift',
    title: 'Layer of the balancer',
    reading: '4 forwards connections, 7 reads requests',
    soWhat: 'TLS, timeouts and logs are now somewhere else.',
  }),
  concluded('scope', {
    drift: 'balancer-scope-drift',
    title: 'Reach of the balancer',
    reading: 'zonal, regional or global',
    soWhat: 'It decides what is lost with a zone.',
  }),
  concluded('product', {
    drift: 'balancer-product-drift',
    title: 'Product of the balancer',
    reading: 'as its fingerprints say',
    soWhat: 'Its limits, timeouts and health checks are now others.',
  }),
  ...[statuses, headers, server, algorithm],
];
