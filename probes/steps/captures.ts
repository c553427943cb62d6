// Owns taking values out of an answer. Each is a secret from then on: it may be a credential.
import { Secret } from '../../src/model/secret.ts';
import type { Answer } from './answer.ts';
import type { Cookies } from './cookies.ts';
import { jsonPathOf } from './json-path.ts';
import type { CaptureSource } from './options.ts';
import { patternOf } from './pattern.ts';

/** Longer than any token; a body that is taken whole is a mistake. */
const MAX_VALUE = 16_384;

export type Captured = { readonly value: Secret } | { readonly because: string };

export function captureFrom(
  name: string,
  source: CaptureSource,
  answer: Answer,
  cookies: Cookies,
  url: string,
): Captured {
  const value = valueOf(source, answer, cookies, url);
  if (typeof value !== 'string') return { because: `${value.because}, so that there is no ${name}` };
  if (value === '') return { because: `the value for ${name} is empty` };
  if (value.length > MAX_VALUE) return { because: `the value for ${name} is longer than ${MAX_VALUE} characters` };
  return { value: new Secret(`capture ${name}`, value) };
}

function valueOf(
  { json, header, regex, cookie }: CaptureSource,
  answer: Answer,
  cookies: Cookies,
  url: string,
): string | { readonly because: string } {
  if (header !== undefined) return answer.header(header)[0] ?? { because: `the answer has no header ${header}` };
  if (cookie !== undefined) return cookies.named(cookie, url) ?? { because: `no cookie ${cookie} was set` };
  if (answer.text === null) return { because: answer.because ?? 'the body could not be read' };
  if (regex !== undefined)
    return patternOf(regex).capture(answer.text) ?? { because: `the body does not match ${regex}` };
  const value = answer.json();
  if (value === undefined) return { because: 'the body is no JSON' };
  const [first] = jsonPathOf(json ?? '$')(value) ?? [];
  if (first === undefined) return { because: `the body has nothing at ${json}` };
  return typeof first === 'string' ? first : JSON.stringify(first);
}
