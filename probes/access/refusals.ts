// Owns the refusals that a search for a limit ended with. Pure.
import { type Pointer, pointer } from '../../src/model/finding.ts';
import type { EndpointId } from '../../src/model/text.ts';
import type { AccessEvidence, Refusal } from './evidence.ts';

export interface Ended {
  readonly refusal: Refusal;
  readonly endpoint: EndpointId;
  readonly at: Pointer;
}

export function refusals({ foundLimit, foundOpen }: AccessEvidence): readonly Ended[] {
  return (['foundLimit', 'foundOpen'] as const).flatMap((key) => {
    const found = key === 'foundLimit' ? foundLimit : foundOpen;
    const refusal = found?.refusal ?? null;
    if (found === undefined || refusal === null) return [];
    return [{ refusal, endpoint: found.endpoint, at: pointer('evidence', 'access', key, 'refusal') }];
  });
}
