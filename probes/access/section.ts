// Owns the blocks in which the access record is shown. No formatting.
import type { Block, Section } from '../../src/contract/section.ts';
import type { AccessEvidence } from './evidence.ts';

export function section({ anonymousStatus, challenges, rateLimit, byEndpoint }: AccessEvidence): Section {
  const limit: Block =
    rateLimit === null
      ? { kind: 'unknown', because: 'No rate limit is announced in headers.' }
      : {
          kind: 'facts',
          rows: [
            ['rate limit', rateLimit.limit],
            ['lowest remaining', rateLimit.remaining],
            ['renewed after s', rateLimit.resetSeconds],
            ['policy', rateLimit.policy],
          ],
        };
  const asked: Block =
    challenges.length === 0
      ? { kind: 'unknown', because: 'No answer asked for credentials.' }
      : {
          kind: 'table',
          columns: ['scheme', 'realm', 'answers'],
          rows: challenges.map(({ scheme, realm, n }) => [scheme, realm, n]),
        };
  return {
    title: 'Access',
    blocks: [
      { kind: 'table', columns: ['status', 'answers'], rows: Object.entries(anonymousStatus) },
      asked,
      limit,
      {
        kind: 'table',
        columns: ['zone', 'endpoint', 'answered', 'throttled', 'strict transport'],
        rows: byEndpoint.map(({ zone, endpoint, answered, throttled, strictTransport }) => [
          ...[zone, endpoint, answered, throttled, strictTransport],
        ]),
      },
    ],
  };
}
