// Holds the file of tokens: what is none is refused with its line, who holds one is known, and one that is taken out opens nothing.
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../model/usage-error.ts';
import { openBearerTokens } from '../bearer-tokens.ts';

const [OPS, CI] = ['0123456789abcdef-ops', '0123456789abcdef-ci=='];

const open = (
  read: () => Promise<string>,
  now: () => number = () => 0,
  warn: (words: string) => void = () => undefined,
) => openBearerTokens(read, 'tokens', now, warn);

test.each([
  ['', 'tokens: no token is in it'],
  ['# nothing\n\n', 'tokens: no token is in it'],
  [`ops ${OPS}\nshort`, 'tokens:2: not a token'],
  [`ops ${OPS} more`, 'tokens:1: more than a name'],
  [`ops ${OPS.replace('-', '"')}`, 'tokens:1: not a token'],
])('%j is refused without its words', async (text, says) => {
  const error: unknown = await open(async () => text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).message).toContain(says);
  expect((error as UsageError).message).not.toContain('0123456789');
});

test.each([
  [`Bearer ${OPS}`, 'ops'],
  [`bearer  ${CI}`, 'the token of line 3'],
  [`Bearer ${OPS}x`, null],
  [`Bearer ${OPS} x`, null],
  [`Basic ${OPS}`, null],
  [OPS, null],
  [`Bearer ${'x'.repeat(100_000)}`, null],
  [undefined, null],
])('who shows %j is %j', async (authorization, holder) => {
  const tokens = await open(async () => `# who may\nops ${OPS}\n  ${CI}\r\n`);
  expect(await tokens.holder(authorization)).toBe(holder);
});

describe('a changed file', () => {
  test('is read anew, and the tokens before it hold when it is wrong', async () => {
    let [text, nowMs] = [`ops ${OPS}`, 0];
    const said: string[] = [];
    const tokens = await open(
      async () => text,
      () => nowMs,
      (words) => said.push(words),
    );
    text = `ci ${CI}`;
    expect(await tokens.holder(`Bearer ${OPS}`)).toBe('ops');
    nowMs += 2000;
    expect(await tokens.holder(`Bearer ${OPS}`)).toBeNull();
    expect(await tokens.holder(`Bearer ${CI}`)).toBe('ci');
    text = 'short';
    for (let at = 0; at < 3; at++) {
      nowMs += 2000;
      expect(await tokens.holder(`Bearer ${CI}`)).toBe('ci');
    }
    expect(said).toEqual([
      'tokens:1: not a token: at least 16 letters, digits and -._~+/; the tokens before it are kept',
    ]);
  });
});
