// Owns reading what answers say to browsers and caches, and what they tell of themselves. Pure; judges nothing.
import type { AskedRequest } from '../../src/contract/call.ts';
import { type Fields, fieldValue, isNamed, listOf, parameterOf } from '../../src/model/fields.ts';
import { distinct, interpret, matches, type WireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import type { Manners } from './evidence.ts';

const MOST_VALUES = 4;
const HTML = /^\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i;
/** A name alone is no secret; `nginx/1.22.1` tells which holes to try. */
const VERSION = /\/v?\d+(?:\.\d+)|^\d+\.\d+/;
const TELLING = ['server', 'x-powered-by', 'x-aspnet-version', 'x-aspnetmvc-version', 'x-generator'];

export function mannersOf(
  answers: readonly HttpFacts[],
  asked: AskedRequest | undefined,
  hasIdentity: boolean,
): Manners {
  const html = answers.filter(({ headers }) => {
    const type = fieldValue(headers, 'content-type');
    return type !== null && matches(type, HTML);
  });
  const count = (of: readonly HttpFacts[], says: (headers: Fields) => boolean): number =>
    of.filter(({ headers }) => says(headers)).length;
  const whole = html.filter(({ fieldsTruncated }) => !fieldsTruncated);
  const open = answers.flatMap(({ headers }) => fieldValue(headers, 'access-control-allow-origin') ?? []);
  return {
    ...{ answers: answers.length, html: html.length, htmlCut: html.length - whole.length },
    htmlWithPolicy: count(whole, (headers) => fieldValue(headers, 'content-security-policy') !== null),
    htmlNoSniff: count(whole, isNoSniff),
    noSniff: count(answers, isNoSniff),
    withCredentials:
      hasIdentity ||
      asked?.withCredentials === true ||
      (asked?.headers ?? []).some(([name]) => /^(?:authorization|cookie)$/i.test(name)),
    sharedCache: count(answers.filter(isSuccess), isForSharedCaches),
    versions: versionsOf(answers),
    allowOrigin: [...distinct(open)].slice(0, MOST_VALUES),
  };
}

const isSuccess = ({ status }: HttpFacts): boolean => status >= 200 && status < 300;

function isNoSniff(headers: Fields): boolean {
  const value = fieldValue(headers, 'x-content-type-options');
  return value !== null && matches(value, /^\s*nosniff\s*(?:,|$)/i);
}

/** RFC 9111 3.5: what makes an answer to a request with Authorization fit for shared caches. `private` and `no-store` win. */
function isForSharedCaches(headers: Fields): boolean {
  const directives = listOf(headers, 'cache-control').map(parameterOf);
  const has = (name: string): boolean => directives.some((each) => isNamed(each.name, name));
  if (has('private') || has('no-store')) return false;
  const shared = directives.find((each) => isNamed(each.name, 's-maxage'))?.value ?? null;
  return has('public') || (shared !== null && interpret(shared, (raw) => /^[1-9]\d*$/.test(raw)));
}

function versionsOf(answers: readonly HttpFacts[]): Manners['versions'] {
  const found = TELLING.flatMap((field) => {
    const values = answers.flatMap(({ headers }) => fieldValue(headers, field) ?? []);
    return distinct(values.filter((value: WireText) => matches(value, VERSION))).map((value) => ({ field, value }));
  });
  return found.slice(0, MOST_VALUES);
}
