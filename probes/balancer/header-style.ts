// Owns the signals of order, case and number of header fields. Data, each row with its source; pure. HTTP/1 only: HTTP/2 sends lower case (RFC 9113 8.2).
import { fieldValue, fieldValues, isNamed } from '../../src/model/fields.ts';
import { compareText, interpret, matches } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import type { Signal } from './evidence.ts';

type Headers = HttpFacts['headers'];

export interface HeaderStyle extends Pick<Signal, 'says' | 'weight'> {
  readonly signal: string;
  readonly holds: (headers: Headers) => boolean;
  readonly source: string;
}

/** Fewer names are in order by chance more often than once in a hundred. */
const LEAST_SORTED = 5;
/** Written behind the others by Go when they are its own. */
const OWN = ['date', 'content-length', 'content-type', 'connection', 'transfer-encoding'] as const;
/** What is written in Go and has pages of its own, or names itself. */
const GO = /^(Caddy|Cowboy|Traefik|Go\b)/i;

export const headerStyles: readonly HeaderStyle[] = [
  {
    signal: 'header case',
    says: 'header names are all in lower case, as HAProxy and Envoy send them',
    // Some applications do it too.
    weight: 1,
    holds: (headers) =>
      headers.length > 0 && headers.every(([name]) => interpret(name, (raw) => raw === raw.toLowerCase())),
    source: 'measured on HAProxy 2.6',
  },
  {
    signal: 'header order',
    says: 'header names are sorted, as Go writes them, but the Server field names other software: a proxy written in Go is in front',
    weight: 1,
    holds: isSortedForAnother,
    source: 'measured on Caddy 2.6; https://github.com/golang/go/blob/master/src/net/http/header.go (Header.Write)',
  },
  {
    signal: 'two servers',
    says: 'two Server fields: the proxy named itself beside the host',
    weight: 2,
    holds: (headers) => fieldValues(headers, 'server').length > 1,
    source: 'RFC 9110 10.2.4; measured on Caddy 2.6',
  },
  {
    signal: 'keep-alive',
    says: 'Keep-Alive without Connection: a proxy took the one away and passed the other on',
    // HTTP/1.1 connections persist without either; a host may send the one alone.
    weight: 1,
    holds: (headers) => fieldValue(headers, 'keep-alive') !== null && fieldValue(headers, 'connection') === null,
    source: 'RFC 9110 7.6.1; measured on HAProxy 2.6 before Node.js',
  },
];

/** As Go writes every name: X-App-One. */
const CANONICAL = /^[A-Z][a-z0-9]*(-[A-Z0-9][a-z0-9]*)*$/;

function isSortedForAnother(headers: Headers): boolean {
  const server = fieldValue(headers, 'server');
  if (server === null || matches(server, GO)) return false;
  const names = headers.filter(([name]) => !OWN.some((own) => isNamed(name, own)));
  const sorted = names.every(([name], at) => at === 0 || compareText(names[at - 1]?.[0] ?? name, name) <= 0);
  return names.length >= LEAST_SORTED && sorted && names.every(([name]) => matches(name, CANONICAL));
}
