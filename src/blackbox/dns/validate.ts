// Owns what a dns module says of an answer: which codes are valid, and which expressions its records must and must not match.

import { BoundedMap } from '../../model/bounded-map.ts';
import { rcodeNumber } from '../config/dns-words.ts';
import type { RrValidator } from '../config/modules.ts';
import { type GoRegexp, goRegexp } from '../go/regexp.ts';
import type { ProbeLog } from '../log.ts';
import type { RecordLine } from './message.ts';

/** @param valid names; none: NOERROR alone */
export function isValidRcode(rcode: number, valid: readonly string[], log: ProbeLog): boolean {
  const numbers: number[] = [];
  for (const name of valid.length === 0 ? ['NOERROR'] : valid) {
    const number = rcodeNumber(name);
    if (number === null) {
      log.error('Invalid rcode', { rcode: name });
      return false;
    }
    numbers.push(number);
  }
  if (numbers.includes(rcode)) return true;
  log.error('Rcode is not one of the valid rcodes', { rcode, valid_rcodes: numbers.join(' ') });
  return false;
}

export const isRcode = (name: string): boolean => rcodeNumber(name) !== null;

/** Whether every word of it is an expression. */
export function isUsable(validator: RrValidator): boolean {
  return Object.values(validator).every((list) => list.every((source) => compiled(source) !== null));
}

interface Judged {
  readonly lines: readonly RecordLine[];
  readonly validator: RrValidator;
  readonly log: ProbeLog;
  /** True: `fail_if_all_match_regexp` fails when some record does not match, as the exporter has it. */
  readonly quirks: boolean;
}

/** A word that is no expression fails the probe once a record is there to try it on: these lists are not compiled before. */
export function areValidRecords({ lines, validator, log, quirks }: Judged): boolean {
  const { fail_if_all_match_regexp: every, fail_if_none_matches_regexp: oneOf } = validator;
  if (lines.length === 0) return isEmptyFine(validator, log);
  let any = false;
  let all = true;
  for (const { text } of lines) {
    log.debug('Validating RR', { rr: text });
    const verdict = judgeRecord(text, validator, log);
    if (verdict === null) return false;
    any ||= verdict.any;
    all &&= verdict.all;
  }
  if (every.length > 0 && all !== quirks) {
    log.error(quirks ? 'Not all RRs matched regexp' : 'All RRs matched regexp');
    return false;
  }
  if (oneOf.length === 0 || any) return true;
  log.error('None of the RRs did matched any regexp');
  return false;
}

/** Where something must match, something must be there. */
function isEmptyFine(validator: RrValidator, log: ProbeLog): boolean {
  for (const list of ['fail_if_not_matches_regexp', 'fail_if_none_matches_regexp'] as const) {
    if (validator[list].length === 0) continue;
    log.error(`${list} specified but no RRs returned`);
    return false;
  }
  return true;
}

/** @returns null when this record alone fails the probe */
function judgeRecord(
  text: string,
  validator: RrValidator,
  log: ProbeLog,
): { readonly any: boolean; readonly all: boolean } | null {
  const tries = (source: string): boolean | null => {
    const regexp = compiled(source);
    if (regexp === null) log.error('Error matching regexp', { regexp: source, err: 'error parsing regexp' });
    return regexp === null ? null : regexp.test(text);
  };
  for (const source of validator.fail_if_matches_regexp) {
    const matches = tries(source);
    if (matches === true) log.error('At least one RR matched regexp', { regexp: source, rr: text });
    if (matches !== false) return null;
  }
  const all = new Set(validator.fail_if_all_match_regexp.map(tries));
  if (all.has(null)) return null;
  for (const source of validator.fail_if_not_matches_regexp) {
    const matches = tries(source);
    if (matches === false) log.error('At least one RR did not match regexp', { regexp: source, rr: text });
    if (matches !== true) return null;
  }
  const any = new Set(validator.fail_if_none_matches_regexp.map(tries));
  if (any.has(null)) return null;
  return { any: any.has(true), all: !all.has(false) };
}

/** Compiled once: an expression takes longer to read than to try. */
const kept = new BoundedMap<string, GoRegexp | null>(1000);

function compiled(source: string): GoRegexp | null {
  const known = kept.get(source);
  if (known !== undefined) return known;
  const made = goRegexp(source);
  kept.set(source, made);
  return made;
}
