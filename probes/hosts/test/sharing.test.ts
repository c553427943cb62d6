import { expect, test } from 'vitest';
import { textKey, wireText } from '../../../src/model/text.ts';
import { endpointsOf } from '../../../test/support/traces.ts';
import { type Census, sharingOf } from '../sharing.ts';

const endpoints = endpointsOf('az1', 'az2', 'az3');

/** A word of hosts for each endpoint. */
function census(
  words: readonly string[],
  answers = 20,
  by: (at: number) => string = () => 'x-served-by',
): readonly Census[] {
  return words.flatMap((word, at) => {
    const endpoint = endpoints[at]?.id;
    const hosts = [...word].map((letter) => textKey(wireText(letter)));
    return endpoint === undefined ? [] : [{ endpoint, identifiedBy: by(at), answers, hosts }];
  });
}

test.each<[readonly string[], string | null, readonly number[]]>([
  [['ab', 'cd', 'ef'], 'separate', [2, 2, 2]],
  [['abc', 'abc', 'abc'], 'same', [3]],
  [['abc', 'abd'], 'overlapping', [4]],
  [['ab', 'bc', 'd'], 'overlapping', [1, 3]],
  [['ab', 'cd', 'bc'], 'overlapping', [4]],
])('hosts %j are %s', (words, says, pools) => {
  const sharing = sharingOf(census(words));
  expect(sharing?.says).toBe(says);
  expect(sharing?.pools.map(({ hosts }) => hosts).toSorted()).toEqual(pools);
});

test('few answers do not tell that nothing is shared', () => {
  expect(sharingOf(census(['ab', 'cd'], 4))?.says).toBeNull();
});

test('names of different kinds are not compared', () => {
  expect(sharingOf(census(['a', 'a'], 20, (at) => `by ${at}`))).toBeNull();
  expect(sharingOf([])).toBeNull();
});
