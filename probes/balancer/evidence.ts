// Owns the record of the balancer probe: what each endpoint answered, and the signals of what stands in front of the hosts.
import { z } from 'zod';
import { faults, problemCodes, steps } from '../../src/model/problem.ts';
import { count, endpointIdSchema, ipAddressSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

/** `layer` and `scope` are what the signal speaks for; null when it only names a product. Weights add up: 2 is needed to conclude. */
const signalSchema = z.object({
  signal: z.string(),
  says: z.string(),
  layer: z.literal([4, 7]).nullable(),
  product: z.string().nullable(),
  scope: z.enum(['zonal', 'regional', 'global']).nullable(),
  /** True when it stands for an edge that shields what is behind it: a CDN or a web application firewall. */
  shields: z.boolean(),
  weight: z.int().min(1).max(3),
  endpoints: z.array(endpointIdSchema),
  /** Where it is written what the signal means. */
  source: z.string().optional(),
});

/** Connections as the kernel of this machine saw them; nulls and none without it. */
const tcpSchema = z.object({
  /** Connections that were made. */
  connected: count,
  /** Of these, how many took more than one attempt (SYN). Told by the kernel, else by whole seconds that a connection took longer. */
  resent: count,
  resentBy: z.enum(['kernel', 'time']),
  /** Of connections without a resent packet: the others say nothing of the path. */
  rttLeastMs: milliseconds.nullable(),
  rttP50Ms: milliseconds.nullable(),
  /** Largest segments that were agreed on, most frequent first. */
  segments: z.array(z.object({ bytes: count, n: count })),
});

/** Which part of the callers of its address family DNS sends to an endpoint. */
const shareSchema = z.object({
  /** `weights`: counted in answers of the zone's own servers. `addresses`: each address alike. */
  by: z.enum(['weights', 'addresses']),
  share: z.number().min(0).max(1),
  /** 95 % interval of counted shares (Wilson). */
  interval: z.tuple([z.number(), z.number()]).nullable(),
  /** Addresses of the family. */
  addresses: count,
  family: z.literal([4, 6]),
});

/** All answers of one endpoint with one status. */
const answersSchema = z.object({
  status: z.int(),
  n: count,
  /** Of the most frequent form, in the order sent, as sent. */
  headerNames: z.array(wireTextSchema),
  /** How many different sets of header names were seen, order and case aside. */
  headerVariants: count,
  /** SHA-256 of bodies, most frequent first, at most 16. */
  bodies: z.array(z.object({ sha256: z.string(), n: count })),
});

const problemSeenSchema = z.object({
  code: z.enum(problemCodes),
  step: z.enum(steps),
  fault: z.enum(faults),
  /** Words of the first one. */
  detail: wireTextSchema.nullable(),
  n: count,
});

const endpointSchema = z.object({
  endpoint: endpointIdSchema,
  zone: z.string().nullable(),
  /** Requests that were begun, `cut` among them. */
  attempts: count,
  /** Exchanges that finished, whatever their status. */
  ok: count,
  /** `cancelled` are those that were cut. */
  failures: z.partialRecord(z.enum(problemCodes), count),
  /** Unanswered when the ride was stopped, by the deadline or by hand: not failures of the service. Absent in journeys of 0.1.0. */
  cut: count.optional(),
  /** The longest that one of them had waited since its start; null without one. */
  cutAfterMs: milliseconds.nullable().optional(),
  /** Most frequent first. */
  problems: z.array(problemSeenSchema),
  statuses: z.record(z.string(), count),
  answers: z.array(answersSchema),
  /** The most frequent Server header. */
  server: wireTextSchema.nullable(),
  /** Leaf certificates by SHA-256 and how often each was served; `switches` counts changes from one sample to the next. */
  certificates: z.array(z.object({ fingerprint: z.string(), n: count })),
  certificateSwitches: count,
  /** Medians of finished exchanges; null without one. */
  waitP50Ms: milliseconds.nullable(),
  totalP50Ms: milliseconds.nullable(),
  /** As the hosts probe concluded; null when it could not tell. */
  algorithm: z.string().nullable(),
  /** Absent in journeys of 0.1.0; so are the fields below. */
  tcp: tcpSchema.optional(),
  /** Null where no DNS answer leads here. */
  share: shareSchema.nullable().optional(),
  /** Names of the cookies that were set, at most 16. */
  cookies: z.array(wireTextSchema).optional(),
  /** Whether connections are kept: answers in HTTP/1, those that announced the end, and the most frequent Keep-Alive. Null without such answers. */
  persistence: z.object({ answers: count, closing: count, keepAlive: wireTextSchema.nullable() }).nullable().optional(),
  /** Protocols agreed on in TLS (ALPN), most frequent first; null for none. */
  alpn: z.array(z.string().nullable()).optional(),
});

/** Requests beyond the ride on one connection to an endpoint that shows several hosts. */
const reuseSchema = z.object({
  endpoint: endpointIdSchema,
  requests: count,
  answered: count,
  /** Answers whose host is one of those of the ride, and how many hosts they were. */
  named: count,
  hosts: count,
  /** That all of them meet one host when each request is given to any, by its share of the ride; null without one that is named. */
  chance: z.number().min(0).max(1).nullable(),
  /** `open`: hung up by us. */
  end: z.enum(['open', 'closed', 'reset']),
  problem: z.enum(problemCodes).nullable(),
});

/** Requests that break the rules, and connections held idle, to one endpoint of each zone (`--intrusive`). */
const intrusiveSchema = z.object({
  trials: z.array(
    z.object({
      endpoint: endpointIdSchema,
      trial: z.enum(['no host', 'bad host', 'unknown method', 'unknown version', 'no request line', 'large field']),
      /** 0: an answer without status line; null: none. */
      status: count.nullable(),
      server: wireTextSchema.nullable(),
      /** Whose page it is, by how it reads. */
      by: z.string().nullable(),
      /** In the order and the letters sent, at most 32. */
      headers: z.array(z.tuple([wireTextSchema, wireTextSchema])),
      end: z.enum(['open', 'closed', 'reset']),
      problem: z.enum(problemCodes).nullable(),
    }),
  ),
  idle: z.array(
    z.object({
      endpoint: endpointIdSchema,
      /** Of the answer before the silence, to a request in HTTP/1.1. */
      version: wireTextSchema.nullable(),
      connection: wireTextSchema.nullable(),
      keepAlive: wireTextSchema.nullable(),
      /** How long nothing was said, at most. */
      heldMs: milliseconds,
      end: z.enum(['open', 'closed', 'reset']),
      closedAfterMs: milliseconds.nullable(),
    }),
  ),
});

/** Whether a caller stays with a host. */
const stickinessSchema = z.object({
  /** Affinity cookies that were set, by the names they are known by. */
  cookies: z.array(z.string()),
  /** By source address. `cannot-tell`: one caller met one host, which is also what a single host looks like. */
  bySource: z.enum(['no', 'cannot-tell', 'unknown']),
  /** As tried by sending the cookie back. Null where it was not tried, or no answer named its host. */
  byCookie: z.enum(['stays', 'moves']).nullable().optional(),
  says: z.string(),
});

/** The name that an address carries (PTR), as its owner writes it: a hint, never more. */
const reverseNameSchema = z.object({
  address: ipAddressSchema,
  name: wireTextSchema,
  /** Whether the name leads back to the address. Null: not asked, because it says nothing of a place, or not answered in time. */
  confirmed: z.boolean().nullable(),
  /** As it is called in the name; these are told by a confirmed name alone. A region is no zone. */
  zone: z.string().nullable(),
  region: z.string().nullable(),
  /** Code of the place where an edge stands. */
  place: z.string().nullable(),
  /** Whose published form it is, and where that stands; null where the names of the service differ in the zone alone. */
  operator: z.string().nullable(),
  source: z.string().nullable(),
  /** True when the endpoint's zone is known by it alone. */
  used: z.boolean(),
});

export const balancerEvidence = z.object({
  layer: z.literal([4, 7]).nullable(),
  /** `strong`: signals of weight 3 or more. `weak`: of weight 2. Null without a layer. */
  layerConfidence: z.enum(['strong', 'weak']).nullable(),
  /** Why no layer is said. */
  layerBecause: z.string().nullable().optional(),
  scope: z.enum(['zonal', 'regional', 'global']).nullable(),
  product: z.string().nullable(),
  signals: z.array(signalSchema),
  byEndpoint: z.array(endpointSchema),
  zones: z.array(z.object({ zone: z.string().nullable(), endpoints: z.array(endpointIdSchema) })),
  /** What the scope rests on; absent in journeys of 0.1.0, like all below. */
  scopeBecause: z.string().nullable().optional(),
  stickiness: stickinessSchema.optional(),
  /** Products that shield what is behind them. */
  shields: z.array(z.string()).optional(),
  /** Answers in which such a product showed a challenge or a refusal of its own. */
  challenges: count.optional(),
  /** Addresses in DNS now and in earlier journeys, the oldest first; null where no DNS answer gave them. */
  growth: z
    .object({ addresses: count, earlier: z.array(z.object({ startedAt: z.iso.datetime(), addresses: count })) })
    .nullable()
    .optional(),
  /** Between the slowest and the fastest endpoint; only of two and more that answered. */
  spread: z.object({ connectMs: milliseconds.nullable(), waitMs: milliseconds.nullable() }).nullable().optional(),
  /** Endpoints that were asked several times on one connection; absent in older journeys and when it was switched off. */
  reuse: z.array(reuseSchema).optional(),
  /** Of addresses that have one, at most 16; absent where none was asked for. */
  reverseNames: z.array(reverseNameSchema).optional(),
  /** Absent where it was not asked for. */
  intrusive: intrusiveSchema.optional(),
  /** For what can only be seen from inside the operator's account: targets, cross-zone setting, health checks, protection plans. */
  inside: z.null().optional(),
});

export type BalancerEvidence = z.infer<typeof balancerEvidence>;
export type EndpointRecord = BalancerEvidence['byEndpoint'][number];
export type ReverseNameRecord = z.infer<typeof reverseNameSchema>;
export type AnswersRecord = EndpointRecord['answers'][number];
export type Signal = BalancerEvidence['signals'][number];
export type TcpRecord = NonNullable<EndpointRecord['tcp']>;
export type ReuseRecord = z.infer<typeof reuseSchema>;
export type IntrusiveRecord = z.infer<typeof intrusiveSchema>;
export type Share = NonNullable<EndpointRecord['share']>;
