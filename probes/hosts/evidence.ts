// Owns the record of the hosts probe: which hosts answered behind each endpoint, how many there may be, and how each fared.
import { z } from 'zod';
import { count, endpointIdSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

export const algorithms = [
  'round robin',
  'weighted round robin',
  'least connections',
  'random',
  'power of two choices',
  'one host for one client',
] as const;
export type Algorithm = (typeof algorithms)[number];

const hostSchema = z.object({
  identity: wireTextSchema,
  requests: count,
  /** Answers with a 5xx status, and exchanges that broke after the headers. */
  failures: count,
  statuses: z.record(z.string(), count),
  waitP50Ms: milliseconds.nullable(),
  /** 95 % interval of its share of the requests (Wilson). */
  share: z.tuple([z.number(), z.number()]).optional(),
});

const chance = z.number().min(0).max(1);

/** A host whose successful answers come later than those of the others: Mann and Whitney, corrected for the number of hosts by Holm. */
const slowerSchema = z.object({
  identity: wireTextSchema,
  answers: count,
  chance,
  /** Median of all differences, and its 95 % interval (Hodges and Lehmann). */
  shiftMs: z.number(),
  shiftInterval: z.tuple([z.number(), z.number()]),
  waitP50Ms: milliseconds,
  othersP50Ms: milliseconds,
});

/** What the order of the hosts shows; each is null where there were too few requests for it. */
const orderSchema = z.object({
  /** Answers of known hosts. */
  answers: count,
  /** Of a whole rotation. */
  period: count.nullable(),
  /** Chance of this much dependence on the host before, when there is none (permuted). */
  successorChance: chance.nullable(),
  /** Chance of hosts being this evenly spread over stretches of the ride, when they are drawn at random (permuted). */
  evenChance: chance.nullable(),
});

/** Requests beyond the ride, on request: several at once, and some while another is kept open. */
const inferSchema = z.object({
  requests: count,
  bursts: count,
  burstSize: count,
  /** Chi-square by degree of freedom within bursts: 0 is in turns, 1 at random. */
  dispersion: z.number().nonnegative().nullable(),
  dispersionChance: chance.nullable(),
  /** How often a request was kept open, and its host passed over by all others meanwhile. */
  held: count,
  avoided: count,
});

/** Requests beyond the ride that sent an affinity cookie back to the endpoint that set it. */
const staySchema = z.object({
  cookie: z.string(),
  answered: count,
  /** Answers of the host that had set it, and of others; the rest named no host. */
  same: count,
  other: count,
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
  algorithm: z.enum(algorithms).nullable(),
  algorithmConfidence: z.literal('inferred').nullable(),
  /** What the same order would come from, too. */
  alsoFits: z.array(z.enum(algorithms)).optional(),
  /** Why no algorithm is named and what would tell, or what disturbs the order. */
  algorithmBecause: z.string().nullable().optional(),
  order: orderSchema.optional(),
  infer: inferSchema.nullable().optional(),
  /** Samples that were given a session ticket, and how many names of ticket keys there were among them. */
  tickets: z.object({ samples: count, keys: count }).optional(),
  /** The affinity cookie that most answers set: callers who send it back stay with their host. */
  affinityCookie: z.string().nullable().optional(),
  /** Null where it was not tried. */
  stay: staySchema.nullable().optional(),
  /** Most requests first. */
  hosts: z.array(hostSchema),
  /** Requests that could not be given to a host, and how many of them failed. */
  unidentified: z.object({ requests: count, failures: count }),
  /** Hosts that failed most of at least two requests while another host behind the endpoint answered most of its own. */
  unhealthy: z.array(wireTextSchema),
  slower: z.array(slowerSchema).optional(),
  /** Failures that come at every so many requests: one sick host in rotation, whether or not it has a name. */
  failurePeriod: z.object({ period: count, failures: count, chance }).nullable().optional(),
  /** Answers that came later than the rest by nearly the same time each, from more than one host: a first try that timed out is hidden. */
  late: z.object({ answers: count, of: count, extraMs: milliseconds, spreadMs: milliseconds }).nullable().optional(),
});

/** Endpoints that share hosts. `separate`: enough was seen to say that no two endpoints share any. */
const poolsSchema = z.object({
  pools: z.array(z.object({ endpoints: z.array(endpointIdSchema), hosts: count })),
  says: z.enum(['same', 'overlapping', 'separate']).nullable(),
  /** Why nothing is said, and what would tell. */
  because: z.string().optional(),
});

export const hostsEvidence = z.object({
  byEndpoint: z.array(endpointSchema),
  /** Null where fewer than two endpoints tell their hosts apart by the same trait. */
  sharing: poolsSchema.nullable().optional(),
});

export type HostsEvidence = z.infer<typeof hostsEvidence>;
export type EndpointHosts = HostsEvidence['byEndpoint'][number];
export type Stay = z.infer<typeof staySchema>;
export type SlowerHost = NonNullable<EndpointHosts['slower']>[number];
export type Sharing = NonNullable<HostsEvidence['sharing']>;
export type HostRecord = EndpointHosts['hosts'][number];
