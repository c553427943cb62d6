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

test.each<[readonly string[], number, string]>([
  [['ab', 'cd'], 4, 'no host was met twice, and 4 answers are too few for that; ask for -n 6'],
  [['abcd', 'ef'], 8, 'no host was met twice, and 8 answers are too few for that; ask for -n 12'],
  [['a', 'b'], 5, 'no host was met twice, and 5 answers are too few for that; ask for -n 6'],
  // Each balancer may have drawn another host of the same pool for this caller.
  [
    ['a', 'b'],
    200,
    'another host answers behind each, and always the same one: hosts of its own, or callers kept by their address',
  ],
])('hosts %j in %i answers do not tell that nothing is shared', (words, answers, because) => {
  expect(sharingOf(census(words, answers))).toMatchObject({ says: null, because });
});

test('one endpoint with one host beside others with more', () => {
  expect(sharingOf(census(['a', 'bc'], 20))?.says).toBe('separate');
});

test('names of different kinds are not compared', () => {
  expect(sharingOf(census(['a', 'a'], 20, (at) => `by ${at}`))).toBeNull();
  expect(sharingOf([])).toBeNull();
});
