// Owns which endpoint is asked beyond the ride: one that answered, and was not about to turn callers away. Pure.
import type { GatherContext } from '../../src/contract/probe.ts';
import type { Endpoint } from '../../src/model/target.ts';

export function askable({ endpoints, ride }: Pick<GatherContext<unknown>, 'endpoints' | 'ride'>): Endpoint | undefined {
  const statuses = (endpoint: Endpoint): readonly number[] =>
    ride.traces.flatMap((trace) => (trace.endpoint === endpoint.id && trace.http !== null ? [trace.http.status] : []));
  const isFree = (status: number): boolean => status < 500 && status !== 429;
  return endpoints.find((endpoint) => statuses(endpoint).length > 0 && statuses(endpoint).every(isFree));
}
