import { describe, expect, test } from 'vitest';
import { wireText } from '../../../src/model/text.ts';
import { headerStyles } from '../header-style.ts';

/** Names as the daemons sent them, in that order, before a host that sends `x-app-ONE`, Server, X-Served-By and others. */
const SEEN: readonly (readonly [string, string, readonly string[]])[] = [
  ['the host itself', 'x-app-ONE Server Content-Type X-Served-By Date Cache-Control Content-Length X-Last', []],
  ['nginx 1.22', 'Server Date Content-Type Content-Length Connection x-app-ONE X-Served-By Cache-Control X-Last', []],
  [
    'HAProxy 2.6',
    'x-app-one server content-type x-served-by date cache-control content-length x-last',
    ['header case'],
  ],
  ['HAProxy 2.6 before Node.js', 'x-served-by date keep-alive content-length', ['header case', 'keep-alive']],
  ['Apache 2.4', 'Date Server x-app-ONE Content-Type X-Served-By Cache-Control Content-Length X-Last', []],
  ['Varnish 7.1', 'x-app-ONE Server Date Content-Length X-Varnish Age Via Accept-Ranges Connection', []],
  ['lighttpd 1.4', 'x-app-ONE Server Content-Type X-Served-By Date Cache-Control X-Last Accept-Ranges', []],
  ['h2o 2.2', 'Date Connection Content-Length Server x-app-ONE Content-Type X-Served-By X-Last', []],
  ['Node.js', 'X-Served-By Date Connection Keep-Alive Content-Length', []],
  [
    'Caddy 2.6',
    'Cache-Control Content-Length Content-Type Date Server Server X-App-One X-Last X-Served-By',
    ['header order', 'two servers'],
  ],
  ['names that happen to be sorted', 'Date Server Vary X-Served-By', []],
  ['no fields', '', []],
];

describe('header fields as sent by', () => {
  test.each(SEEN)('%s', (_, names, expected) => {
    const headers = names
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => [wireText(name), wireText(name === 'Server' ? 'rawapp' : 'x')] as const);
    expect(headerStyles.filter(({ holds }) => holds(headers)).map(({ signal }) => signal)).toEqual(expected);
  });

  test('Go that names itself is no proxy', () => {
    const headers = ['Cache-Control', 'Server', 'Vary', 'X-App', 'X-Last'].map(
      (name) => [wireText(name), wireText(name === 'Server' ? 'Caddy' : 'x')] as const,
    );
    expect(headerStyles.filter(({ holds }) => holds(headers))).toEqual([]);
  });
});
