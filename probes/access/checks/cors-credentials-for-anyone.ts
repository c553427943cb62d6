// Owns the check for an API that lets the pages of any origin ask with the credentials of whoever looks at them.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence, Preflight } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const corsCredentialsForAnyone: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'cors-credentials-for-anyone',
  needs: ['access'],
  severity: 'warning',
  title: 'Pages of any origin may ask as the user',
  soWhat: 'Any page that somebody with a session opens can read this API in their name, if the session is a cookie.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Allow the origins that need it, from a list; do not give the Origin field back as it came.'],
    },
  ],
  sources: [
    'https://fetch.spec.whatwg.org/#http-cors-protocol',
    'https://owasp.org/www-project-api-security/ API8:2023',
  ],
  judge({ access: { preflight } }) {
    if (preflight === undefined) return { outcome: 'not-applicable', because: 'the journey did not ask OPTIONS' };
    if (preflight.status === null) return { outcome: 'not-applicable', because: 'OPTIONS was not answered' };
    return foundOrPass(seenIn(preflight));
  },
};

function seenIn({ endpoint, origin, origins, credentials }: Preflight): readonly Seen[] {
  const evidence = [pointer('evidence', 'access', 'preflight')] as const;
  if (!credentials) return [];
  if (origins === 'reflected')
    return [{ what: [`A made-up origin (${origin}) is allowed to ask, with credentials.`], endpoint, evidence }];
  if (origins === 'null')
    return [
      {
        what: ['The origin "null", which any page can have, is allowed to ask, with credentials.'],
        endpoint,
        evidence,
      },
    ];
  if (origins !== 'any') return [];
  return [
    {
      what: ['Every origin (*) is allowed to ask, with credentials: browsers refuse the two together.'],
      ...{ endpoint, evidence, severity: 'notice' as const },
      soWhat: 'Pages that ask with credentials fail in every browser; those that ask without do not need the field.',
      nowWhat: [
        { kind: 'change', text: ['Leave Access-Control-Allow-Credentials out, or name the origins that may ask.'] },
      ],
    },
  ];
}
