// Owns the list of the access checks and the answer to the question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { challengeMissing } from './checks/challenge-missing.ts';
import { clientErrors } from './checks/client-errors.ts';
import { hstsMissing } from './checks/hsts-missing.ts';
import { rateLimitLow } from './checks/rate-limit-low.ts';
import { throttled } from './checks/throttled.ts';
import type { AccessEvidence } from './evidence.ts';
import type { AccessPolicy } from './options.ts';

function challengesSaid({ challenges }: AccessEvidence): Phrase {
  if (challenges.length === 0) return ['no credentials were asked for'];
  return [
    'credentials asked for: ',
    ...challenges.slice(0, 4).flatMap(({ scheme }, at) => (at === 0 ? [scheme] : [', ', scheme])),
  ];
}

function limitSaid({ rateLimit, throttled: n }: AccessEvidence): string {
  const turned = n === 0 ? '' : `; ${n} requests were throttled (429)`;
  if (rateLimit === null) return `no rate limit is announced${turned}`;
  const { limit, remaining, resetSeconds } = rateLimit;
  const left = remaining === null ? '' : `, ${remaining} left`;
  const reset = resetSeconds === null ? '' : ` (renewed in ${resetSeconds} s)`;
  return `rate limit of ${limit ?? 'unknown size'}${left}${reset}${turned}`;
}

function answer(evidence: AccessEvidence | null): Reply {
  const statuses = Object.entries(evidence?.anonymousStatus ?? {});
  if (evidence === null || statuses.length === 0) {
    return { summary: ['Nothing was answered, so nothing can be said.'], confidence: 'not-visible', facts: {} };
  }
  const { rateLimit, challenges, anonymousStatus, throttled: n } = evidence;
  const answered = statuses.toSorted(([, a], [, b]) => b - a).map(([status, count]) => `${status} (${count})`);
  const summary: Phrase = [
    `Requests as sent were answered ${answered.slice(0, 4).join(', ')}; `,
    ...challengesSaid(evidence),
    `; ${limitSaid(evidence)}. What happens when a dependency fails is not visible from outside.`,
  ];
  const schemes = challenges.map(({ scheme }) => scheme);
  const limits =
    rateLimit === null
      ? null
      : { limit: rateLimit.limit, remaining: rateLimit.remaining, resetSeconds: rateLimit.resetSeconds };
  return {
    summary,
    confidence: 'observed',
    facts: { statuses: anonymousStatus, schemes, rateLimit: limits, throttled: n },
  };
}

export const judgement: Judgement<AccessEvidence, AccessPolicy> = {
  checks: [throttled, clientErrors, challengeMissing, hstsMissing, rateLimitLow],
  answer,
};
