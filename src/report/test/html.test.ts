// The HTML report as a document: closed in itself, without script, its markup its own whatever strangers wrote, readable by all.
// A browser has its say in test/system; here the document is read by rules stricter than those of HTML.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Section } from '../../contract/section.ts';
import type { Journey } from '../../model/journey.ts';
import { terminal } from '../escape/terminal.ts';
import { htmlReporter } from '../html.ts';
import { activeIn } from './active.ts';
import { journeyOf, sections } from './fixture.ts';
import { crowdedJourney, emptyJourney, openJourney, PAYLOADS, spoiledJourney, spoiledSections } from './hostile.ts';

function htmlOf(journey: Journey, blocks: readonly Section[] = sections): string {
  return htmlReporter.render(journey, blocks, { columns: 80, colour: false, verbose: false }) as string;
}

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

const TAG = /^<(\/?[a-z][a-z0-9]*|!doctype html)((?: [A-Za-z0-9-]+="[^"<>]*")*)\/?>([^<]*)/;

/** Tags with the text after each. Throws on anything but tags with double-quoted attributes, and text without angle brackets. */
function tagsOf(document: string): readonly Tag[] {
  const tags: Tag[] = [];
  let rest = document;
  while (rest !== '') {
    const found = TAG.exec(rest);
    // A style sheet is raw text, in which `>` is a combinator.
    if (found === null || (found[1] !== 'style' && found[3]?.includes('>')))
      throw new Error(`no tag: ${rest.slice(0, 80)}`);
    const [whole, name = '', attributes = '', text = ''] = found;
    const pairs = [...attributes.matchAll(/ ([A-Za-z0-9-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key,
      value,
    ]);
    tags.push({ name, attributes: Object.fromEntries(pairs), text });
    rest = rest.slice(whole.length);
  }
  return tags;
}

const shapeOf = (document: string): readonly string[] =>
  tagsOf(document).map(({ name, attributes }) => [name, ...Object.keys(attributes)].join(' '));

const VOID = new Set(['!doctype html', 'meta', 'br', 'rect', 'line', 'circle']);
const STRUCTURE = ['html', 'head', 'meta', 'title', 'style', 'body', 'header', 'main', 'section', 'footer', 'article'];
const FLOW = ['h1', 'h2', 'h3', 'h4', 'p', 'div', 'ul', 'li', 'dl', 'dt', 'dd', 'details', 'summary', 'figure', 'br'];
const INLINE = ['span', 'small', 'strong', 'code', 'figcaption'];
const TABLE = ['table', 'thead', 'tbody', 'tr', 'th', 'td'];
const DRAWN = ['svg', 'desc', 'rect', 'line', 'circle', 'text'];
const ELEMENTS = new Set(['!doctype html', ...STRUCTURE, ...FLOW, ...INLINE, ...TABLE, ...DRAWN]);
const ATTRIBUTES =
  'aria-hidden aria-label charset class content cx cy height http-equiv lang name r role scope tabindex text-anchor width x x1 x2 y y1 y2';

const DOCUMENTS: readonly (readonly [name: string, document: string])[] = [
  ['of the demo', htmlOf(journeyOf())],
  ['of many samples', htmlOf(journeyOf(400))],
  ['of one sample', htmlOf(journeyOf(1))],
  ['cut short', htmlOf(openJourney())],
  ['without endpoints', htmlOf(emptyJourney(), [])],
  ['of forty endpoints', htmlOf(crowdedJourney())],
  ...Object.entries(PAYLOADS).map(
    ([name, payload]) => [`full of ${name}`, htmlOf(spoiledJourney(payload), spoiledSections(payload))] as const,
  ),
];

describe.each(DOCUMENTS)('a journey %s', (_, document) => {
  const tags = tagsOf(document);

  test('is elements and attributes that can neither run nor load anything', () => {
    const allowed = new Set(ATTRIBUTES.split(' '));
    for (const { name, attributes } of tags) {
      expect(ELEMENTS).toContain(name.replace('/', ''));
      for (const attribute of Object.keys(attributes)) expect(allowed).toContain(attribute);
    }
    const style = tags.find(({ name }) => name === 'style')?.text ?? '';
    expect(style).not.toMatch(/@import|url\(|expression|image-set|src\(/i);
    expect(activeIn(document, '\n')).toEqual([]);
    expect(document.indexOf('\n')).toBe(document.length - 1);
  });

  test('closes what it opens, in order', () => {
    const open: string[] = [];
    for (const { name } of tags) {
      if (name.startsWith('/')) expect(open.pop()).toBe(name.slice(1));
      else if (!VOID.has(name)) open.push(name);
    }
    expect(open).toEqual([]);
  });

  test('forbids everything but its one style sheet, before anything else stands there', () => {
    const policies = tags.filter(({ attributes }) => attributes['http-equiv'] !== undefined);
    expect(policies).toHaveLength(1);
    expect(tags.slice(0, 5).map(({ name }) => name)).toEqual(['!doctype html', 'html', 'head', 'meta', 'meta']);
    expect(tags[4]).toBe(policies[0]);
    const policy = (policies[0]?.attributes['content'] ?? '').replaceAll('&#39;', "'").replaceAll('&#61;', '=');
    const styles = tags.filter(({ name }) => name === 'style').map(({ text }) => text);
    const hashes = styles.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    expect(policy).toBe(`default-src 'none'; style-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'`);
    expect(styles).toHaveLength(1);
  });

  test('can be read on a phone, in the dark and by a screen reader', () => {
    const named = (name: string) => tags.filter((tag) => tag.name === name);
    expect(named('html').map(({ attributes }) => attributes['lang'])).toEqual(['en']);
    const metas = Object.fromEntries(
      named('meta').map(({ attributes }) => [attributes['name'], attributes['content']?.replaceAll('&#61;', '=')]),
    );
    expect(metas).toMatchObject({ viewport: 'width=device-width, initial-scale=1', 'color-scheme': 'light dark' });
    expect(named('style')[0]?.text).toContain('@media(prefers-color-scheme:dark)');
    expect(named('title')[0]?.text).not.toBe('');
    expect(named('h1')).toHaveLength(1);
    const levels = tags.filter(({ name }) => /^h[1-6]$/.test(name)).map(({ name }) => Number(name[1]));
    levels.forEach((level, index) => expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1));
    for (const { attributes } of named('th')) expect(attributes['scope']).toBe('col');
    for (const { attributes } of tags.filter((tag) => tag.attributes['tabindex'] !== undefined))
      expect(attributes).toMatchObject({ role: 'region', tabindex: '0', 'aria-label': expect.stringMatching(/./) });
  });

  test('says in words what each chart draws', () => {
    for (const [index, { name, attributes }] of tags.entries()) {
      if (name !== 'svg' || attributes['aria-hidden'] === 'true') continue;
      expect(attributes['role']).toBe('img');
      expect(attributes['aria-label']).toMatch(/: \d+ samples, (p50 \S+ m?s, )?(p99|max) \S+ m?s$/);
      expect(tags[index + 1]).toMatchObject({ name: 'title', text: attributes['aria-label'] });
      expect(tags[index + 3]?.name).toBe('desc');
    }
  });
});

describe.each(Object.entries(PAYLOADS))('%s in every field', (_, payload) => {
  const document = htmlOf(spoiledJourney(payload), spoiledSections(payload));

  test('change no tag and no attribute', () => {
    expect(shapeOf(document)).toEqual(shapeOf(htmlOf(openJourney())));
  });

  test('are shown, spelled out, in each kind of field', () => {
    const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
    const shown = document.replace(/&([a-z]+|#\d+);/g, (__, name: string) =>
      name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : (entities[name] ?? '?'),
    );
    const spelled = terminal(payload);
    for (const text of [
      'https://kms.example:43111/',
      'kms-az3',
      'laptop',
      'certificate-expiry',
      'Look at load',
      'x-backend',
    ])
      expect(shown).toContain(`${spelled}${text}`);
  });
});

test('the marks of a sample too small for a p99', () => {
  const few = htmlOf(journeyOf(20));
  expect(few).toContain('total max');
  expect(few).toContain('p99 needs 368 samples');
  expect(few).not.toMatch(/<span class="muted">p99<\/span>|, p99 \d/);
  const many = htmlOf(journeyOf(400));
  expect(many).toMatch(/<span class="muted">p99<\/span>/);
});

test.each([
  ['cut short', openJourney(), ['Incomplete: cut short', 'not finished: cut off', 'not asked for', 'alert 40']],
  ['without endpoints', emptyJourney(), ['Incomplete: cut short', 'UNKNOWN', 'nothing found in what could be judged']],
])('a journey %s says so', (_, journey, said) => {
  const document = htmlOf(journey);
  for (const words of said) expect(document).toContain(words);
});

/** Relative luminance and contrast. WCAG 2.2, 1.4.3 and its definitions. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [a, b]
    .map((colour) => {
      const hex = colour.length === 4 ? colour.replaceAll(/[0-9a-f]/g, '$&$&') : colour;
      const [red = 0, green = 0, blue = 0] = [1, 3, 5]
        .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    })
    .toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

test('the measure of contrast is that of WCAG', () => {
  expect(contrast('#000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#fff')).toBeCloseTo(4.48, 2);
});

describe.each([
  ['light', 0],
  ['dark', 1],
])('%s colours', (_, index) => {
  const style = tagsOf(htmlOf(journeyOf())).find(({ name }) => name === 'style')?.text ?? '';
  const scheme = [...style.matchAll(/:root\{([^}]*)\}/g)][index]?.[1] ?? '';
  const colours = Object.fromEntries(
    [...scheme.matchAll(/--([a-z]+):(#[0-9a-f]{3,6})/g)].map(([, name, hex]) => [name, hex]),
  );

  test.each(['text', 'muted', 'critical', 'warning', 'notice', 'ok'])('%s is readable on page and panel', (name) => {
    for (const ground of ['bg', 'panel'])
      expect(contrast(colours[name] ?? '', colours[ground] ?? '')).toBeGreaterThan(4.5);
  });

  test('bars stand out from the page', () => {
    expect(contrast(colours['bar'] ?? '', colours['bg'] ?? '')).toBeGreaterThan(3);
  });
});
