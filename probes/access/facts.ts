// Owns the facts of access that a person may expect to stay: which credentials are asked for, how much is allowed.
// Reads records, judges nothing.
import type { Fact } from '../../src/contract/fact.ts';
import { pointer } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
import type { AccessEvidence } from './evidence.ts';

const at = (...path: readonly (string | number)[]) => pointer('evidence', 'access', ...path);

const schemes: Fact<AccessEvidence> = {
  key: 'schemes',
  drift: 'challenge-drift',
  rule: 'exactly',
  title: 'Credentials asked for',
  reading: 'schemes of WWW-Authenticate, or none',
  soWhat: 'Callers are let in by other credentials, or without any.',
  look: ({ challenges, anonymousStatus }) => {
    if (Object.keys(anonymousStatus).length === 0) return { unseen: 'nothing was answered' };
    const names = [...new Set(challenges.map(({ scheme }) => visible(scheme).toLowerCase()))].toSorted();
    return [{ endpoint: null, value: names.length === 0 ? ['none'] : names, evidence: at('challenges') }];
  },
};

const rateLimit: Fact<AccessEvidence> = {
  key: 'rateLimit',
  drift: 'rate-limit-drift',
  rule: 'between',
  title: 'Announced rate limit',
  reading: 'requests a window; or { atLeast: N }',
  soWhat: 'Callers that keep to the old limit are refused, or wait for nothing.',
  look: ({ rateLimit: seen }) => {
    if (seen?.limit == null) return { unseen: 'no limit was announced' };
    return [{ endpoint: null, value: seen.limit, evidence: at('rateLimit', 'limit') }];
  },
};

export const facts: readonly Fact<AccessEvidence>[] = [schemes, rateLimit];
