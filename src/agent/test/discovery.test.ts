// Holds looking for targets: what a place that fails keeps, what goes with a place, who is looked at when, the bound on all, and what is counted.
import { expect, test } from 'vitest';
import { TooMuch, UsageError } from '../../model/usage-error.ts';
import { Discovery, type Source } from '../discovery.ts';

interface World {
  /** By the place's name; an error is thrown. */
  readonly texts: Map<string, string | UsageError>;
  readonly said: string[];
}

const world = (): World => ({ texts: new Map(), said: [] });

/** Every place whose name begins as the source is called; a text is a list of targets, `!` is wrong. */
function source(name: string, { texts }: World, refreshMs = 1000, folder: string | null = null): Source<string> {
  return {
    ...{ name, key: name, refreshMs, folder },
    places: async () => {
      const listed = texts.get(`list ${name}`);
      if (listed instanceof UsageError) throw listed;
      return [...texts.keys()]
        .filter((place) => place.startsWith(name))
        .map((place) => ({
          name: place,
          read: async () => {
            const text = texts.get(place) ?? '';
            if (text instanceof UsageError) throw text;
            return text;
          },
          parse: async (text: string) => {
            if (text === '!') throw new UsageError(`${place} is wrong`);
            if (text === '#') throw new TooMuch(`${place} is too much`);
            return text.split(' ').filter((one) => one !== '');
          },
        }));
    },
  };
}

const open = (
  sources: readonly Source<string>[],
  { said }: World,
  most = 100,
  before: Discovery<string> | null = null,
) =>
  new Discovery(sources, before, {
    most,
    log: {
      info: (message, told) => void said.push(`${message}: ${JSON.stringify(told)}`),
      warn: (message, told) => void said.push(`${message}: ${JSON.stringify(told)}`),
    },
  });

test('a place that fails, or is wrong, keeps what it named, is told once and counted each time', async () => {
  const here = world();
  here.texts.set('a', 'x y');
  const discovery = open([source('a', here)], here);
  expect(await discovery.look(0)).toBe(true);
  expect(await discovery.look(1000)).toBe(false);
  for (const [at, text] of [new UsageError('a is away'), new UsageError('a is away'), '!', '!', '#'].entries()) {
    here.texts.set('a', text);
    expect(await discovery.look(2000 + at * 1000)).toBe(false);
    expect(discovery.targets()).toEqual(['x', 'y']);
    expect(discovery.state()).toMatchObject({ sources: 1, failing: 1 });
  }
  expect(here.said).toHaveLength(3);
  expect(Object.fromEntries(discovery.state().refused)).toEqual({ unreadable: 2, wrong: 2, too_much: 1 });
  here.texts.set('a', 'x y');
  expect(await discovery.look(9000)).toBe(false);
  expect(here.said.at(-1)).toContain('can be read again');
  here.texts.set('a', '');
  expect(await discovery.look(10_000)).toBe(true);
  expect(discovery.targets()).toEqual([]);
});

test('what is gone takes its targets along; what cannot be listed does not', async () => {
  const here = world();
  here.texts.set('a1', 'x');
  here.texts.set('a2', 'y');
  const discovery = open([source('a', here)], here);
  await discovery.look(0);
  expect(discovery.targets()).toEqual(['x', 'y']);
  here.texts.set('list a', new UsageError('no folder'));
  here.texts.delete('a1');
  expect(await discovery.look(1000)).toBe(false);
  expect(discovery.targets()).toEqual(['x', 'y']);
  expect(discovery.state()).toMatchObject({ sources: 3, failing: 1 });
  here.texts.delete('list a');
  expect(await discovery.look(2000)).toBe(true);
  expect(discovery.targets()).toEqual(['y']);
});

test('each is looked at when it is due, or when its folder changed', async () => {
  const here = world();
  here.texts.set('a', 'a1');
  here.texts.set('b', 'b1');
  const discovery = open([source('a', here, 1000, '/lists'), source('b', here, 5000)], here);
  expect(discovery.dueMs()).toBe(0);
  await discovery.look(0);
  expect(discovery.dueMs()).toBe(1000);
  here.texts.set('a', 'a2');
  here.texts.set('b', 'b2');
  expect(await discovery.look(500)).toBe(false);
  expect(await discovery.look(500, new Set(['/other']))).toBe(false);
  expect(await discovery.look(600, new Set(['/lists']))).toBe(true);
  expect(discovery.targets()).toEqual(['a2', 'b1']);
  expect(await discovery.look(5000)).toBe(true);
  expect(discovery.targets()).toEqual(['a2', 'b2']);
});

test('more than all together may name are left out, told and counted', async () => {
  const here = world();
  here.texts.set('a', '1 2 3');
  here.texts.set('b', '4 5 6');
  const discovery = open([source('a', here), source('b', here)], here, 4);
  await discovery.look(0);
  for (let at = 0; at < 3; at++) expect(discovery.targets()).toEqual(['1', '2', '3', '4']);
  expect(discovery.state()).toMatchObject({ targets: 4, leftOut: 2 });
  expect(here.said).toEqual(['more targets are named than discover.most permits: {"named":6,"most":4,"leftOut":2}']);
  here.texts.set('a', '1');
  await discovery.look(1000);
  expect(discovery.targets()).toEqual(['1', '4', '5', '6']);
  expect(discovery.state()).toMatchObject({ targets: 4, leftOut: 0 });
});

test('after a reload places stand for what they named, until they can be read', async () => {
  const here = world();
  here.texts.set('a', 'x');
  here.texts.set('b', 'y');
  const first = open([source('a', here), source('b', here)], here);
  await first.look(0);
  here.texts.set('a', new UsageError('away'));
  const second = open([source('a', here)], here, 100, first);
  await second.look(0);
  expect(second.targets()).toEqual(['x']);
  expect(second.state().refused.get('unreadable')).toBe(1);
});

test('sources of one name are told apart by their keys after a reload', async () => {
  const here = world();
  here.texts.set('a1', 'x');
  here.texts.set('a2', 'y');
  const named = (key: string): Source<string> => ({
    ...{ ...source(key, here), name: 'a' },
    places: async () => (await source(key, here).places()).map((place) => ({ ...place, name: 'a' })),
  });
  const first = open([named('a1'), named('a2')], here);
  await first.look(0);
  for (const place of ['a1', 'a2']) here.texts.set(place, new UsageError('away'));
  const second = open([named('a2'), named('a1')], here, 100, first);
  await second.look(0);
  expect(second.targets()).toEqual(['y', 'x']);
});
