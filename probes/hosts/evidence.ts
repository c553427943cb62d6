// Owns the record of the hosts probe: which hosts answered behind each endpoint, how many there may be, and how each fared.
import { z } from 'zod';
import { count, endpointIdSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

const hostSchema = z.object({
  identity: wireTextSchema,
  requests: count,
  /** Answers with a 5xx status, and exchanges that broke after the headers. */
  failures: count,
  statuses: z.record(z.string(), count),
  waitP50Ms: milliseconds.nullable(),
});

const endpointSchema = z.object({
  endpoint: endpointIdSchema,
  zone: z.string().nullable(),
  /** Requests whose TLS handshake (or TCP connection, for http) was finished. */
  requests: count,
  /** Requests that were answered with a status. */
  answered: count,
  /** Answers with a 5xx status. */
  serverErrors: count,
  /** What tells the hosts apart; null when nothing does. */
  identifiedBy: z.string().nullable(),
  /** Hosts seen; null when they cannot be told apart. */
  seen: count.nullable(),
  /** Chao1, or the period of a rotation; `high` is null when there may be any number more. */
  estimate: z.number().nonnegative().nullable(),
  low: z.number().nonnegative().nullable(),
  high: z.number().nonnegative().nullable(),
  algorithm: z.enum(['round robin']).nullable(),
  algorithmConfidence: z.literal('inferred').nullable(),
  /** Most requests first. */
  hosts: z.array(hostSchema),
  /** Requests that could not be given to a host, and how many of them failed. */
  unidentified: z.object({ requests: count, failures: count }),
  /** Hosts that failed most of at least two requests while another host behind the endpoint answered most of its own. */
  unhealthy: z.array(wireTextSchema),
});

export const hostsEvidence = z.object({ byEndpoint: z.array(endpointSchema) });

export type HostsEvidence = z.infer<typeof hostsEvidence>;
export type EndpointHosts = HostsEvidence['byEndpoint'][number];
export type HostRecord = EndpointHosts['hosts'][number];
