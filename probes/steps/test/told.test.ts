// What traces are told of an exchange: no value of a secret or query, a URL whatever a person or an answer wrote, and nothing that throws.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { visible, wireText } from '../../../src/model/text.ts';
import type { HttpFacts } from '../../../src/model/trace.ts';
import { hiding } from '../../../src/net/call/secret-text.ts';
import { stepUrl } from '../../../src/net/call/step-url.ts';
import type { Sent } from '../run-step.ts';
import { toldExchange } from '../told.ts';

const CANARY = 'canary-91c4';
const hide = hiding([new Secret('word', CANARY)]);

function sentWith(href: string, headers: readonly (readonly [string, string])[], isChosen = false): Sent {
  const http: HttpFacts = {
    ...{ version: '1.1', status: 200, trailers: [], fieldsTruncated: false, bodyBytes: 0, bodySha256: '' },
    ...{ bodyStart: wireText(CANARY), truncated: false },
    headers: headers.map(([name, value]) => [wireText(name), wireText(value)] as const),
  };
  return {
    ...{ method: 'GET', url: stepUrl(href, href), isChosen, headerNames: ['x-key'], talk: null, onward: null },
    ...{ cookiesSent: 0, cookiesTaken: [] },
    record: {
      ...{ endpoint: null, startMs: 0, spans: {}, tcp: null, tls: null, unverified: null, certificates: new Map() },
      ...{ http, body: null, problem: null, reused: false, connection: null },
    },
  };
}

test.each([
  ['https://kms.example/a?key=1&b', 'https://kms.example/a?key=1&b', 'https://kms.example/a?key=*&b'],
  [`/orders/{{id}}`, `https://kms.example/orders/${CANARY}`, 'https://kms.example/orders/%7B%7Bid%7D%7D'],
  ['wss://kms.example/chat', 'https://kms.example/chat', 'https://kms.example/chat'],
  ['https://{{host}}/x', 'https://kms.example/x', 'https://kms.example/x'],
  ['https://[secret host]/x', 'https://kms.example/x', 'https://kms.example/'],
  [`https://${CANARY}.example/x`, `https://${CANARY}.example/x`, 'https://concealed.invalid/x'],
  ['//kms.example//other.example/x', 'https://kms.example//other.example/x', 'https://kms.example//other.example/x'],
])('%s, sent to %s, is shown as %s', (asked, href, shown) => {
  expect(toldExchange(sentWith(href, []), asked, hide).url).toBe(shown);
});

test.each([
  ['location', '/next?code=1', 'https://kms.example/next?code=*'],
  ['Location', 'https://user:word@other.example/#token=1', 'https://other.example/'],
  ['location', 'javascript:alert(1)', '[masked]'],
  ['location', 'http://', '[masked]'],
  ['server', `nginx ${CANARY}`, 'nginx [secret word]'],
  ['x-session', 'anything', '[masked]'],
])('of an answer %s: %s is told as %s', (name, value, told) => {
  const { http } = toldExchange(sentWith('https://kms.example/', [[name, value]]), '/', hide);
  expect(http?.headers.map((field) => visible(field[1]))).toEqual([told]);
});

test('whatever stands in URLs and answers, it is a URL, it is bounded, and the secret is not in it', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.webUrl({ withQueryParameters: true }));
  const around = fc.tuple(text, text).map(([before, after]) => `${before}${CANARY}${after}`);
  const name = fc.oneof(text, fc.constantFrom('location', 'server', 'via', 'set-cookie'));
  fc.assert(
    fc.property(
      around,
      fc.array(fc.tuple(name, around), { maxLength: 8 }),
      fc.boolean(),
      (asked, headers, isChosen) => {
        const told = toldExchange(sentWith('https://kms.example/', headers, isChosen), asked, hide);
        expect(URL.canParse(told.url)).toBe(true);
        expect(JSON.stringify(told)).not.toContain(CANARY);
      },
    ),
    { numRuns: 60 },
  );
});
