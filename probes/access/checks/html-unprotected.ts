// Owns the check for web pages without the fields that keep strange scripts out of them. Answers that are no pages are not concerned.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const htmlUnprotected: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'html-unprotected',
  needs: ['access'],
  severity: 'notice',
  title: 'Pages without content policy',
  soWhat: 'One hole that lets a stranger write into a page is then enough to run scripts in it.',
  nowWhat: [
    { kind: 'change', text: ['Send Content-Security-Policy, and X-Content-Type-Options: nosniff, with HTML.'] },
  ],
  sources: ['https://www.w3.org/TR/CSP3/', 'https://fetch.spec.whatwg.org/#x-content-type-options-header'],
  judge({ access: { manners } }) {
    if (manners === undefined) return { outcome: 'not-applicable', because: 'the journey did not look' };
    const { html, htmlCut, htmlWithPolicy, htmlNoSniff } = manners;
    const whole = html - htmlCut;
    if (html === 0) return { outcome: 'not-applicable', because: 'no answer was a web page' };
    if (whole === 0) return { outcome: 'not-judged', because: 'header fields beyond the limit were not kept' };
    const lacking = [
      ...(htmlWithPolicy === 0 ? ['Content-Security-Policy'] : []),
      ...(htmlNoSniff === 0 ? ['X-Content-Type-Options'] : []),
    ];
    const what = [`${whole} answers were web pages without ${lacking.join(' and ')}.`];
    const seen: readonly Seen[] = [{ what, evidence: [pointer('evidence', 'access', 'manners')] }];
    // Without a policy; the other field alone is little.
    return foundOrPass(htmlWithPolicy === 0 ? seen : []);
  },
};
