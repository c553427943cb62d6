// Owns the list of the access checks and the answer to the question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { challengeMissing } from './checks/challenge-missing.ts';
import { clientErrors } from './checks/client-errors.ts';
import { corsCredentialsForAnyone } from './checks/cors-credentials-for-anyone.ts';
import { dependencyDown } from './checks/dependency-down.ts';
import { hstsMissing } from './checks/hsts-missing.ts';
import { htmlUnprotected } from './checks/html-unprotected.ts';
import { privateAnswerInSharedCache } from './checks/private-answer-in-shared-cache.ts';
import { rateLimitLow } from './checks/rate-limit-low.ts';
import { retryAfterMissing } from './checks/retry-after-missing.ts';
import { staleAnswers } from './checks/stale-answers.ts';
import { throttled } from './checks/throttled.ts';
import { throttledAsFailure } from './checks/throttled-as-failure.ts';
import { traceAnswered } from './checks/trace-answered.ts';
import { versionTold } from './checks/version-told.ts';
import { degradationSaid } from './degradation-words.ts';
import type { AccessEvidence } from './evidence.ts';
import { searchSaid } from './limit-words.ts';
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
  const { limit, remaining, resetSeconds, windowSeconds = null } = rateLimit;
  const window = windowSeconds === null ? '' : ` in ${windowSeconds} s`;
  const left = remaining === null ? '' : `, ${remaining} left`;
  const reset = resetSeconds === null ? '' : ` (renewed in ${resetSeconds} s)`;
  return `rate limit of ${limit ?? 'unknown size'}${window}${left}${reset}${turned}`;
}

/** What a page of another origin may do, where it was asked. */
function corsSaid({ preflight }: AccessEvidence): string {
  if (preflight === undefined || preflight.status === null) return '';
  const { origins, credentials } = preflight;
  if (origins === 'none' || origins === 'others') return '; pages of other origins may not ask (CORS)';
  return `; pages of any origin may ask (CORS)${credentials && origins !== 'any' ? ', with credentials' : ''}`;
}

function certificateSaid({ clientCertificateRequested }: AccessEvidence): string {
  return clientCertificateRequested === true ? '; TLS asks for a client certificate' : '';
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
    `${certificateSaid(evidence)}; ${limitSaid(evidence)}${searchSaid(evidence)}${corsSaid(evidence)}.`,
    ...degradationSaid(evidence),
  ];
  const schemes = challenges.map(({ scheme }) => scheme);
  const limits =
    rateLimit === null
      ? null
      : {
          ...{ limit: rateLimit.limit, remaining: rateLimit.remaining, resetSeconds: rateLimit.resetSeconds },
          ...(rateLimit.windowSeconds === undefined ? {} : { windowSeconds: rateLimit.windowSeconds }),
        };
  return {
    summary,
    confidence: 'observed',
    facts: {
      ...{ statuses: anonymousStatus, schemes, rateLimit: limits, throttled: n },
      ...(evidence.foundLimit === undefined ? {} : { limitPerSecond: evidence.foundLimit.found?.perSecond ?? null }),
    },
  };
}

export const judgement: Judgement<AccessEvidence, AccessPolicy> = {
  checks: [
    ...[throttled, clientErrors, challengeMissing, hstsMissing, rateLimitLow],
    ...[corsCredentialsForAnyone, htmlUnprotected, privateAnswerInSharedCache, versionTold, traceAnswered],
    ...[retryAfterMissing, throttledAsFailure, dependencyDown, staleAnswers],
  ],
  answer,
};
