// Owns the table of resolvers: what each of them says, and how it was asked. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { problemCatalogue, problemCodes } from '../../src/model/problem.ts';
import type { DnsEvidence, ResolverEvidence } from './evidence.ts';
import type { ResolverTryEvidence } from './evidence-resolver.ts';

/** Addresses written out in a cell. */
const SHOWN = 4;

export function resolverTable({ resolvers = [] }: DnsEvidence): readonly Block[] {
  if (resolvers.length === 0) return [];
  const columns = ['resolver', 'answer', 'left, s', 'ms', 'validated', 'state'];
  return [{ kind: 'table', columns, rows: resolvers.map(row) }, ...tryTable(resolvers)];
}

/** Of the questions that took more than one packet: every go at the resolver. */
function tryTable(resolvers: readonly ResolverEvidence[]): readonly Block[] {
  const rows = resolvers.flatMap(({ resolver, tries = [] }) =>
    tries
      .filter(({ type, sent }) => sent > 1 || tries.filter((one) => one.type === type).length > 1)
      .map((one): readonly Cell[] => [
        resolver,
        one.type,
        one.transport,
        one.sent,
        carried(one),
        came(one),
        one.elapsedMs,
      ]),
  );
  const columns = ['tried', 'question', 'over', 'sent', 'with', 'came', 'ms'];
  return rows.length === 0 ? [] : [{ kind: 'table', columns, rows }];
}

function carried({ edns, cookie }: ResolverTryEvidence): string {
  return edns ? `EDNS${cookie ? ', cookie' : ''}` : 'no EDNS';
}

function came({ outcome, truncated, caseKept }: ResolverTryEvidence): string {
  const known = problemCodes.find((code) => code === outcome);
  const words = known === undefined ? outcome : problemCatalogue[known].says;
  return [words, truncated ? 'cut' : [], caseKept === false ? 'in other letters' : []].flat().join(', ');
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

function state({ error, extendedErrors, verified, caseKept }: ResolverEvidence): string {
  const words = error === null ? 'answers' : problemCatalogue[error].says;
  const letters = caseKept === false ? 'writes questions in other letters' : [];
  return [words, verifiedWords(verified) ?? [], letters, extendedErrors.map(({ name }) => name)].flat().join(', ');
}
