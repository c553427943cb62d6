// Which names stand beneath which constraints: RFC 5280 4.2.1.10 as a table.
import { describe, expect, test } from 'vitest';
import { nameForm } from '../general-names.ts';
import { type Refusal, refusalOf } from '../name-constraints.ts';

const ip = (...octets: readonly number[]): string => Buffer.from(octets).toString('latin1');
const NET = ip(192, 0, 2, 0, 255, 255, 255, 0);

type Side = 'permitted' | 'excluded';
const rows: readonly (readonly [keyof typeof nameForm, Side, base: string, name: string, Refusal | null])[] = [
  ['dns', 'permitted', 'example', 'example', null],
  ['dns', 'permitted', 'example', 'a.b.EXAMPLE', null],
  ['dns', 'permitted', 'example', 'notexample', 'not-permitted'],
  ['dns', 'permitted', '', 'anything.test', null],
  ['dns', 'permitted', '.example', 'a.example', null],
  ['dns', 'permitted', '.example', 'example', 'not-permitted'],
  ['dns', 'permitted', 'example', '*.example', null],
  ['dns', 'permitted', 'a.example', '*.example', 'not-permitted'],
  ['dns', 'excluded', 'a.example', '*.example', 'excluded'],
  ['dns', 'excluded', 'b.a.example', '*.example', null],
  ['dns', 'excluded', 'example', '*.a.example', 'excluded'],
  ['dns', 'excluded', 'example', 'other', null],
  ['dns', 'excluded', '*.example', 'other', 'malformed'],
  ['dns', 'permitted', 'example', '.example', 'malformed'],
  ['ip', 'permitted', NET, ip(192, 0, 2, 7), null],
  ['ip', 'permitted', NET, ip(192, 0, 3, 7), 'not-permitted'],
  ['ip', 'excluded', NET, ip(192, 0, 2, 255), 'excluded'],
  ['ip', 'excluded', NET, ip(...Array.from({ length: 16 }, () => 0)), null],
  ['ip', 'excluded', ip(192, 0, 2, 0), ip(192, 0, 2, 0), 'malformed'],
  ['ip', 'excluded', ip(192, 0, 2, 0, 255, 0, 255, 0), ip(10, 0, 0, 1), 'malformed'],
  ['mail', 'permitted', 'a@mail.example', 'a@MAIL.example', null],
  ['mail', 'permitted', 'a@mail.example', 'A@mail.example', 'not-permitted'],
  ['mail', 'permitted', 'mail.example', 'any@mail.example', null],
  ['mail', 'permitted', 'mail.example', 'any@sub.mail.example', 'not-permitted'],
  ['mail', 'permitted', '.mail.example', 'any@sub.mail.example', null],
  ['mail', 'excluded', 'a@b@c', 'any@mail.example', 'malformed'],
  ['uri', 'permitted', 'host.example', 'https://host.example:8443/x', null],
  ['uri', 'permitted', '.example', 'https://a@host.example/', null],
  ['uri', 'permitted', 'host.example', 'https://host.example@evil.test/', 'not-permitted'],
  ['uri', 'permitted', 'host.example', 'urn:host.example', 'malformed'],
  ['directory', 'permitted', 'c=de,', 'c=de,o=x,', null],
  ['directory', 'permitted', 'c=de,', 'c=at,o=x,', 'not-permitted'],
  ['other', 'excluded', 'x', 'y', 'excluded'],
];

describe('a constraint lets a name pass, or says why not', () => {
  test.each(rows)('%s %s %j: %j is %s', (form, side, base, name, expected) => {
    const bases = [{ form: nameForm[form], value: base }];
    const constraints = { permitted: [], excluded: [], [side]: bases };
    expect(refusalOf({ form: nameForm[form], value: name }, constraints, { left: 10 })).toBe(expected);
  });

  test('names of another form pass', () => {
    const constraints = { permitted: [{ form: nameForm.ip, value: NET }], excluded: [] };
    expect(refusalOf({ form: nameForm.dns, value: 'a.example' }, constraints, { left: 1 })).toBeNull();
  });

  test('when the comparisons are spent nothing passes', () => {
    const constraints = { permitted: [{ form: nameForm.dns, value: 'example' }], excluded: [] };
    const comparisons = { left: 1 };
    const ask = () => refusalOf({ form: nameForm.dns, value: 'a.example' }, constraints, comparisons);
    expect([ask(), ask(), ask()]).toEqual([null, 'undecided', 'undecided']);
  });
});
