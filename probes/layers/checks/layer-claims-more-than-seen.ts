// Owns the check for layers that say they took longer than the client waited.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { LayersEvidence } from '../evidence.ts';
import type { LayersPolicy } from '../options.ts';

export const layerClaimsMoreThanSeen: Check<{ layers: LayersEvidence }, LayersPolicy> = {
  id: 'layer-claims-more-than-seen',
  needs: ['layers'],
  severity: 'notice',
  title: 'A layer claims more time than was waited',
  soWhat:
    'Its figure cannot be a part of the wait (a cached header, a sum over parallel work, a wrong clock or unit), so do not add it up.',
  nowWhat: [
    { kind: 'change', text: ['Check what the layer measures and in which unit (Server-Timing is in milliseconds).'] },
  ],
  sources: ['https://www.w3.org/TR/server-timing/'],
  judge({ layers }, { policy }) {
    if (layers.spans.length === 0) return { outcome: 'not-applicable', because: 'no layer says how long it took' };
    const seen = layers.spans.flatMap((span, index): readonly Seen[] => {
      if (span.beyondWait * 2 <= span.n || span.beyondWaitMaxMs <= policy.claimToleranceMs) return [];
      const most = Math.round(span.beyondWaitMaxMs);
      return [
        {
          what: [
            'Layer ',
            span.name,
            ` claims more time than the client waited in ${span.beyondWait} of ${span.n} answers, by up to ${most} ms.`,
          ],
          endpoint: span.endpoint,
          evidence: [pointer('evidence', 'layers', 'spans', index)],
        },
      ];
    });
    return foundOrPass(seen);
  },
};
