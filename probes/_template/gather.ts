// Owns turning the ride's traces into the probe-name record: the only file here that may reach the network (context.net).
// Sends nothing, judges nothing.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { fieldValue } from '../../src/model/fields.ts';
import { textKey, type WireText } from '../../src/model/text.ts';
import type { ProbeNameEvidence } from './evidence.ts';
import type { ProbeNameOptions } from './options.ts';

/** What the world does is `failed` with a Problem; only faults of the program throw. This one cannot fail: no answers is a record too. */
export const gather: Gather<ProbeNameEvidence, ProbeNameOptions> = async (context) => {
  const beganMs = context.net.now();
  const value = recordOf(context);
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

function recordOf({ endpoints, ride, options }: GatherContext<ProbeNameOptions>): ProbeNameEvidence {
  const byEndpoint = endpoints.map(({ id, zone }) => {
    const answers = ride.traces.flatMap(({ endpoint, http }) => (endpoint === id && http !== null ? [http] : []));
    const values = distinct(answers.flatMap(({ headers }) => fieldValue(headers, 'server') ?? []));
    const servers = values.slice(0, options.valuesPerEndpoint);
    return { endpoint: id, zone, answered: answers.length, servers, serversLeftOut: values.length - servers.length };
  });
  return { byEndpoint };
}

function distinct(values: readonly WireText[]): ProbeNameEvidence['byEndpoint'][number]['servers'] {
  return [...Map.groupBy(values, textKey).values()]
    .flatMap((group) => (group[0] === undefined ? [] : [{ value: group[0], n: group.length }]))
    .toSorted((a, b) => b.n - a.n);
}
