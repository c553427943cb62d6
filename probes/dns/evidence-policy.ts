// Owns the record of how a zone answers the same question again and again, and of how it answered in earlier journeys.
// Never judges, and holds JSON only.
import { z } from 'zod';
import { count, dnsNameSchema, ipAddressSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

const policyKinds = ['fixed', 'rotated', 'multivalue', 'weighted', 'client-dependent', 'cannot-tell'] as const;
export type PolicyKind = (typeof policyKinds)[number];

/** An address, or the target of an alias that leaves the zone. */
const member = z.union([ipAddressSchema, dnsNameSchema]);

/** One node of a server address that several answer for (anycast), by what it calls itself (NSID), and its answers. */
const node = z.object({
  address: ipAddressSchema,
  nsid: wireTextSchema,
  sets: z.array(z.object({ addresses: z.array(member), n: count })),
});

/** How a zone's own servers answer the same question again and again, and what that is taken for. */
export const policy = z.object({
  zone: dnsNameSchema,
  name: dnsNameSchema,
  type: z.enum(['A', 'AAAA']),
  kind: z.enum(policyKinds),
  confidence: z.enum(['observed', 'inferred']),
  /** Answers that came, those for client networks not counted. */
  queries: count,
  /** The most frequent first. */
  sets: z.array(z.object({ addresses: z.array(member), n: count })),
  /** More than there are in `sets` when not all were written down. */
  setsSeen: count,
  /** Different orders of one set, at most. */
  orders: count,
  /** `multivalue` only: estimated number of members, seen and unseen (Chao). */
  pool: count.nullable(),
  /** Answers on behalf of client networks (RFC 7871), each network twice; scope 0: for all clients. */
  ecs: z.array(z.object({ prefix: z.string(), scope: count, addresses: z.array(member) })),
  /** Of server addresses where several nodes answered; absent where none showed two. */
  nodes: z.array(node).optional(),
  signals: z.array(z.string()),
  /** The quickest answer of each server: at the journey's start this machine itself is busy, and all its clocks run late. */
  quickest: z.array(z.object({ address: ipAddressSchema, rttMs: milliseconds })).optional(),
});

/** One address of an earlier journey, and how it did there. */
const earlierAddress = z.object({
  address: ipAddressSchema,
  /** Requests to it that were not cut short; 0 when it was not ridden. */
  requests: count,
  failures: count,
});

/** What an earlier journey to the same host saw of its answers. */
export const earlier = z.object({
  id: z.string(),
  startedAt: z.iso.datetime(),
  canonicalName: dnsNameSchema,
  /** From the resolver, the zone's own servers and the questions for the policy, sorted; not for client networks. */
  addresses: z.array(earlierAddress),
  /** More than there are in `addresses` when not all were written down. */
  addressesSeen: count,
  /** Null when nobody looked. */
  policy: policy.pick({ kind: true, setsSeen: true }).nullable(),
});

export type NodeEvidence = z.infer<typeof node>;
export type PolicyEvidence = z.infer<typeof policy>;
export type EarlierEvidence = z.infer<typeof earlier>;
