// Owns the check for work that a 202 promised and that did not end well, or cannot be asked for.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { visible } from '../../../src/model/text.ts';
import type { LayersEvidence } from '../evidence.ts';
import { seconds } from '../words.ts';

export const workflowFailed: Check<{ layers: LayersEvidence }> = {
  id: 'workflow-failed',
  needs: ['layers'],
  severity: 'warning',
  title: 'Work that was accepted and failed',
  soWhat: 'The answer to the request said that it was accepted, so a caller who does not ask again never learns of it.',
  nowWhat: [
    { kind: 'change', text: ['Look for the work in the log of the service by the id at the end of its status path.'] },
  ],
  sources: ['RFC 9110 15.3.3', 'https://google.aip.dev/151', 'https://github.com/microsoft/api-guidelines'],
  judge({ layers: { workflow } }) {
    if (workflow === undefined) return { outcome: 'not-applicable', because: 'the journey did not look' };
    if (workflow === null) return { outcome: 'not-applicable', because: 'the first sample was not answered 202' };
    const { outcome, endpoint, polls, path, because } = workflow;
    if (outcome === null) return { outcome: 'not-applicable', because: because ?? 'nothing was asked' };
    const last = polls.at(-1);
    const answered = polls.some(({ status }) => status !== null);
    if (!answered) return { outcome: 'not-judged', because: 'its status URL did not answer' };
    const evidence = [pointer('evidence', 'layers', 'workflow')] as const;
    if (outcome !== 'failed' && outcome !== 'canceled') return foundOrPass([]);
    const status = last?.status ?? 0;
    const how = status >= 400 ? `its status URL answered ${status}` : `it ended as ${visible(last?.state ?? outcome)}`;
    const seen: Seen = {
      what: ['The work of ', path ?? 'the first sample', `: ${how}, ${seconds(last?.afterMs ?? 0)} after the request.`],
      endpoint,
      evidence,
    };
    return foundOrPass([seen]);
  },
};
