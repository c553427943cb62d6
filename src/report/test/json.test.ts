// The JSON report: the journey itself, one document and a newline, safe to print and equal when read back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Journey } from '../../model/journey.ts';
import { jsonReporter } from '../json.ts';
import { anyText } from './active.ts';
import { journeyOf, sections } from './fixture.ts';
import { crowdedJourney, emptyJourney, openJourney, PAYLOADS, spoiledJourney } from './hostile.ts';

function jsonOf(journey: Journey): string {
  return jsonReporter.render(journey, sections, { columns: 40, colour: true, verbose: true, quiet: true }) as string;
}

/** Controls, format characters, halves of surrogates, unassigned ones and separators; JSON keeps whatever else there is. */
const ACTING = /(?!\n)[\p{C}\u2028\u2029]/u;

describe.each<readonly [string, Journey]>([
  ['of the demo', journeyOf(400)],
  ['cut short', openJourney()],
  ['without endpoints', emptyJourney()],
  ['of forty endpoints', crowdedJourney()],
  ...Object.entries(PAYLOADS).map(([name, payload]) => [`full of ${name}`, spoiledJourney(payload)] as const),
])('a journey %s', (_, journey) => {
  const document = jsonOf(journey);

  test('reads back equal, keys in their order', () => {
    expect(JSON.parse(document)).toStrictEqual(journey);
    expect(JSON.stringify(JSON.parse(document))).toBe(JSON.stringify(journey));
  });

  test('is one document, indented by two, ended by one newline', () => {
    expect(document.startsWith('{\n  "schema": "journey/1",\n  "id"')).toBe(true);
    expect(document.endsWith('\n}\n')).toBe(true);
    expect(document.match(/^[{}]/gm)).toHaveLength(2);
  });

  test('holds no character that acts', () => {
    expect(document).not.toMatch(ACTING);
    expect(document.isWellFormed()).toBe(true);
  });
});

test('any text in any place reads back as it was, and acts nowhere', () => {
  const base = emptyJourney();
  fc.assert(
    fc.property(anyText, anyText, (name, text) => {
      const journey: Journey = {
        ...base,
        vantage: { ...base.vantage, name: text },
        evidence: Object.fromEntries([[name, { [name]: [text] }]]),
      };
      const document = jsonOf(journey);
      expect(JSON.parse(document)).toStrictEqual(JSON.parse(JSON.stringify(journey)));
      expect(document).not.toMatch(ACTING);
    }),
    { numRuns: 300 },
  );
});

test('is the same whatever the terminal', () => {
  const journey = journeyOf();
  const bare = jsonReporter.render(journey, [], { columns: 200, colour: false, verbose: false });
  expect(bare).toBe(jsonOf(journey));
});
