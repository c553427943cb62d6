// One context serves all rides with the same roots and the same certificate of ours, and no other ride.
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import { sharedContext } from '../handshake.ts';
import { trialKeyPem, trialPem } from '../trial-chain.ts';

const [one = '', other = ''] = rootCertificates;
const identity = () => ({ certificatePem: trialPem, key: new Secret('key', trialKeyPem) });

test.each([
  ['the roots of Node.js', () => sharedContext(null, null)],
  ['the same roots', () => sharedContext([one], null)],
  ['the same roots, several', () => sharedContext([one, other], null)],
  ['no roots at all', () => sharedContext([], null)],
])('%s: one context', (_, make) => {
  expect(make()).toBe(make());
});

test('other roots, in another order too, and another certificate of ours have contexts of their own', () => {
  const ours = identity();
  const contexts = [
    sharedContext(null, null),
    sharedContext([], null),
    sharedContext([one], null),
    sharedContext([other], null),
    sharedContext([one, other], null),
    sharedContext([other, one], null),
    sharedContext([one], ours),
    sharedContext([one], identity()),
  ];
  expect(new Set(contexts).size).toBe(contexts.length);
  expect(sharedContext([one], ours)).toBe(contexts[6]);
});

test('no more are kept than sixteen', () => {
  const first = sharedContext([one], null);
  for (let count = 0; count < 16; count++) sharedContext([one, ...rootCertificates.slice(2, 3 + count)], null);
  expect(sharedContext([one], null)).not.toBe(first);
});

test('roots that are none are refused each time', () => {
  for (let time = 0; time < 2; time++) expect(() => sharedContext(['nothing'], null)).toThrow('cannot be used');
});
