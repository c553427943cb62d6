// Owns holding assertions to an answer: what each says in words, whether it held, and what was there instead.
// Judges nothing beyond that: how bad it is, a check says.
import type { Json } from '../../src/model/json.ts';
import type { SecretText } from '../../src/model/secret-text.ts';
import type { Answer } from './answer.ts';
import { certificateTests } from './certificate-assertion.ts';
import type { Held } from './held.ts';
import { jsonPathOf } from './json-path.ts';
import { schemaTestOf } from './json-schema.ts';
import { latencyTests, type Timed } from './latency-assertion.ts';
import type { AssertionSource } from './options.ts';
import { patternOf } from './pattern.ts';
import { type StatusRange, statusRange } from './statuses.ts';

export interface Facts {
  readonly answer: Answer;
  readonly timed: Timed;
  readonly redirects: number;
  /** Wall clock, Unix ms: what certificates are measured against. */
  readonly asOfMs: number;
  /** The text with captured values and secrets in it. */
  readonly written: (text: string | SecretText) => string;
}

const MISSING = 'nothing';
const SHOWN = 120;

/** In the order of the source; one source may say several things. */
export function holdTo(source: AssertionSource, facts: Facts): readonly Held[] {
  const { status, header, body, json, jsonSchema, latency, certificate, protocol, redirects } = source;
  return [
    ...(status === undefined ? [] : [statusTest([status].flat(), facts)]),
    ...(header === undefined ? [] : headerTests(header, facts)),
    ...(body === undefined ? [] : bodyTests(body, facts)),
    ...(json === undefined ? [] : jsonTests(json, facts)),
    ...(jsonSchema === undefined ? [] : [schemaTest(jsonSchema, facts)]),
    ...(latency === undefined ? [] : latencyTests(latency, facts.timed)),
    ...(certificate === undefined ? [] : certificateTests(certificate, facts.answer.record, facts.asOfMs)),
    ...(protocol === undefined ? [] : protocolTests(protocol, facts)),
    ...(redirects === undefined
      ? []
      : [test(`${redirects} redirects`, facts.redirects === redirects, String(facts.redirects))]),
  ];
}

/** @param saw what was there, when it did not hold */
export function test(says: string, held: boolean, saw: string): Held {
  return { says, saw: held ? null : saw };
}

function statusTest(wanted: readonly (string | number)[], { answer }: Facts): Held {
  const ranges = wanted.map(statusRange).filter((range): range is StatusRange => range !== null);
  const held = ranges.some(([from, to]) => answer.status >= from && answer.status <= to);
  return test(`status ${wanted.join(' or ')}`, held, String(answer.status));
}

type Source<K extends keyof AssertionSource> = NonNullable<AssertionSource[K]>;

/** `equals`, `contains`, `matches` over whatever text it is. */
function textTests(
  what: string,
  { equals, contains, matches }: Pick<Source<'header'>, 'equals' | 'contains' | 'matches'>,
  texts: readonly string[],
  { written }: Facts,
): readonly Held[] {
  const saw = texts.length === 0 ? MISSING : texts.map((text) => JSON.stringify(text.slice(0, SHOWN * 4))).join(', ');
  const any = (holds: (text: string) => boolean): boolean => texts.some(holds);
  const found = matches === undefined ? null : patternOf(matches);
  return [
    ...(equals === undefined
      ? []
      : [
          test(
            `${what} is ${quoted(equals)}`,
            any((text) => text === written(equals)),
            saw,
          ),
        ]),
    ...(contains === undefined
      ? []
      : [
          test(
            `${what} contains ${quoted(contains)}`,
            any((text) => text.includes(written(contains))),
            saw,
          ),
        ]),
    ...(found === null
      ? []
      : [
          test(
            `${what} matches ${quoted(matches ?? '')}`,
            any((text) => found.found(text)),
            saw,
          ),
        ]),
  ];
}

/** Of secrets the name, as they print. */
function quoted(text: string | SecretText): string {
  return JSON.stringify(String(text)).slice(0, SHOWN);
}

function headerTests({ name, absent, ...wanted }: Source<'header'>, facts: Facts): readonly Held[] {
  const values = facts.answer.header(name);
  const what = `header ${name}`;
  if (absent === true) return [test(`no ${what}`, values.length === 0, JSON.stringify(values[0]))];
  const tests = textTests(what, wanted, values, facts);
  return tests.length > 0 ? tests : [test(`${what} is there`, values.length > 0, MISSING)];
}

function bodyTests({ lacks, ...wanted }: Source<'body'>, facts: Facts): readonly Held[] {
  const { text, because } = facts.answer;
  if (text === null) return [{ says: 'the body can be read', saw: because }];
  const without = lacks === undefined ? null : facts.written(lacks);
  return [
    ...textTests('body', wanted, [text], facts),
    ...(without === null
      ? []
      : [test(`body lacks ${quoted(lacks ?? '')}`, !text.includes(without), around(text, without))]),
  ];
}

function around(text: string, part: string): string {
  const at = Math.max(0, text.indexOf(part) - 20);
  return JSON.stringify(text.slice(at, at + part.length + 40));
}

function jsonTests({ path, ...wanted }: Source<'json'>, facts: Facts): readonly Held[] {
  const value = facts.answer.json();
  if (value === undefined) return [{ says: `${path} in JSON`, saw: facts.answer.because ?? 'a body that is no JSON' }];
  const found = jsonPathOf(path)(value);
  if (found === null) return [{ says: `${path} in JSON`, saw: 'a body that nests too deep' }];
  const { equals, absent, count, atLeast, atMost, contains, matches } = wanted;
  const saw = found.length === 0 ? MISSING : JSON.stringify(found.length === 1 ? found[0] : found).slice(0, SHOWN * 4);
  const numbers = found.filter((one) => typeof one === 'number');
  const texts = found.filter((one) => typeof one === 'string');
  const given = (one: unknown): unknown => (typeof one === 'string' || isText(one) ? facts.written(one) : one);
  const tests = [
    ...(absent === undefined ? [] : [test(`no ${path}`, found.length === 0, saw)]),
    ...(equals === undefined
      ? []
      : [
          test(
            `${path} is ${JSON.stringify(equals)}`,
            found.some((one) => same(one, given(equals) as Json)),
            saw,
          ),
        ]),
    ...(count === undefined
      ? []
      : [test(`${path} is there ${count} times`, found.length === count, String(found.length))]),
    ...(atLeast === undefined
      ? []
      : [
          test(
            `${path} is at least ${atLeast}`,
            numbers.some((one) => one >= atLeast),
            saw,
          ),
        ]),
    ...(atMost === undefined
      ? []
      : [
          test(
            `${path} is at most ${atMost}`,
            numbers.some((one) => one <= atMost),
            saw,
          ),
        ]),
    ...textTests(path, { contains, matches } as never, texts, facts),
  ];
  return tests.length > 0 ? tests : [test(`${path} is there`, found.length > 0, MISSING)];
}

function isText(value: unknown): value is SecretText {
  return typeof value === 'object' && value !== null && 'parts' in value;
}

/** The same JSON, whatever the order of its keys. */
function same(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  if (Array.isArray(a) !== Array.isArray(b) || left.length !== right.length) return false;
  return left.every(
    ([key, value]) => Object.hasOwn(b, key) && same(value as Json, (b as Record<string, Json>)[key] as Json),
  );
}

function schemaTest(schema: Source<'jsonSchema'>, { answer }: Facts): Held {
  const value = answer.json();
  const says = 'the body is as the JSON Schema says';
  if (value === undefined) return { says, saw: answer.because ?? 'a body that is no JSON' };
  return { says, saw: schemaTestOf(schema)(value) };
}

const TLS_ORDER = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function protocolTests({ http, tls }: Source<'protocol'>, { answer }: Facts): readonly Held[] {
  const { record } = answer;
  const version = record.http?.version ?? MISSING;
  const protocol = record.tls?.protocol ?? null;
  const least = `TLSv${tls}`;
  const isEnough = protocol !== null && TLS_ORDER.indexOf(protocol) >= TLS_ORDER.indexOf(least);
  return [
    ...(http === undefined ? [] : [test(`HTTP/${http}`, version === http, `HTTP/${version}`)]),
    ...(tls === undefined ? [] : [test(`TLS ${tls} or later`, isEnough, protocol ?? 'no TLS')]),
  ];
}
