// Owns the table of resolvers: what each of them says, and how it was asked. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import type { DnsEvidence, ResolverEvidence } from './evidence.ts';

/** Addresses written out in a cell. */
const SHOWN = 4;

export function resolverTable({ resolvers = [] }: DnsEvidence): readonly Block[] {
  if (resolvers.length === 0) return [];
  const columns = ['resolver', 'answer', 'left, s', 'ms', 'validated', 'state'];
  return [{ kind: 'table', columns, rows: resolvers.map(row) }];
}

function row(one: ResolverEvidence): readonly Cell[] {
  const validated = one.authenticated === null ? null : one.authenticated ? 'yes' : 'no';
  return [one.resolver, answer(one), one.ttlSeconds, one.rttMs, validated, state(one)];
}

/** What a resolver's certificate was verified for, in words; null where there is none. */
export function verifiedWords(verified: ResolverEvidence['verified']): string | null {
  if (verified === null) return null;
  return verified === 'none' ? 'not verified' : `${verified} verified`;
}

function answer({ addresses, rcode }: ResolverEvidence): Cell {
  if (addresses.length === 0) return rcode === 'NOERROR' ? 'no address' : rcode;
  const more = addresses.length > SHOWN ? ` and ${addresses.length - SHOWN} more` : '';
  return `${addresses.slice(0, SHOWN).join(' ')}${more}`;
}

function state({ error, extendedErrors, verified }: ResolverEvidence): string {
  const words = error === null ? 'answers' : problemCatalogue[error].says;
  return [words, verifiedWords(verified) ?? [], extendedErrors.map(({ name }) => name)].flat().join(', ');
}
