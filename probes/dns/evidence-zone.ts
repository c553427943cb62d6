// Owns the record of the zones on the way to the name: their servers, what the zone above says of each, how far the walk came.
// Never judges, and holds JSON only.
import { z } from 'zod';
import { type ProblemCode, problemCodes } from '../../src/model/problem.ts';
import {
  count,
  dnsNameSchema,
  ipAddressSchema,
  milliseconds,
  problemSchema,
  wireTextSchema,
} from '../../src/model/schema.ts';
import { conformanceSchema, plainReplySchema } from './evidence-conformance.ts';
import { soa, toldSet } from './evidence-records.ts';

/** A record as an authority gave it; addresses and alias targets in `data`. */
export const answer = z.object({
  name: wireTextSchema,
  type: z.enum(['A', 'AAAA', 'CNAME', 'DNAME']),
  ttlSeconds: count,
  /** It was 2^31 s or more, which counts as 0 (RFC 2181 8). */
  ttlTooLarge: z.literal(true).optional(),
  data: wireTextSchema,
});

/** `not-authoritative`: it answers, but not for this zone (a lame delegation, RFC 9499 7). */
export const serverErrors = [...problemCodes, 'not-authoritative'] as const;
const serverError = z.enum(serverErrors as unknown as readonly [ProblemCode | 'not-authoritative', ...ProblemCode[]]);

/**
 * How a server that answers shows that it does not serve the zone. `upward-referral`: it points at the zone itself or above;
 * `from-cache`: it answers as a resolver; `unmarked`: it has data, but neither authority (AA) nor recursion (RA) is set;
 * `other-zone`: with authority, for another zone; `no-such-zone`: NXDOMAIN; `no-data`: nothing of the zone.
 */
const lamenesses = ['upward-referral', 'from-cache', 'unmarked', 'other-zone', 'no-such-zone', 'no-data'] as const;

/** One address of a name server, asked directly and without recursion. */
const server = z.object({
  address: ipAddressSchema,
  /** AA bit on the zone's SOA; null when there was no answer. */
  authoritative: z.boolean().nullable(),
  rttMs: milliseconds.nullable(),
  serial: count.nullable(),
  error: serverError.nullable(),
  /** Response code for the addresses of `entry`; null when not asked. */
  rcode: z.string().nullable(),
  /** It says that it recurses (RA=1); absent when it does not. */
  offersRecursion: z.literal(true).optional(),
  /** Sorted by name, type and data. */
  answers: z.array(answer),
  /** Of the zone's NS set, as this server tells it; null when it tells none. */
  nsTtlSeconds: count.nullable().optional(),
  /** Why `error` is `not-authoritative`; absent otherwise. */
  lameness: z.enum(lamenesses).optional(),
  /** Of `error`, where there is one: a response code (NOTAUTH), or the name of a socket's error (ECONNREFUSED). */
  detail: wireTextSchema.optional(),
  /** Only of a server that was silent: what the question without EDNS, put to it from an open socket, brought. */
  plainReply: plainReplySchema.optional(),
  /** How it takes what it need not know; absent where that was not asked. */
  conformance: conformanceSchema.optional(),
  /** The same question over TCP; absent where it was not asked. The serial and the name are those of the node that answered. */
  tcp: z
    .object({
      rttMs: milliseconds.nullable(),
      error: serverError.nullable(),
      serial: count.optional(),
      nsid: wireTextSchema.optional(),
    })
    .optional(),
  /** What the node that answered calls itself (RFC 5001); absent when it does not say. */
  nsid: wireTextSchema.optional(),
  /** Of the zone's NS set, as this server tells it; sorted, absent when it tells none. */
  nsNames: z.array(wireTextSchema).optional(),
  /** As this server tells it; absent in journeys that did not keep it. */
  soa: soa.optional(),
  /** Absent where they were not asked for. */
  recordSets: z.array(toldSet).optional(),
});

/** A name server and the sum of its addresses: fastest round trip, serial when all tell the same, first error. */
const nameserver = z.object({
  name: wireTextSchema,
  addresses: z.array(ipAddressSchema),
  authoritative: z.boolean().nullable(),
  rttMs: milliseconds.nullable(),
  serial: count.nullable(),
  /** Of its addresses; or why it has none. */
  error: serverError.nullable(),
  byAddress: z.array(server),
  /** The end of the alias that its name is; null for none. Absent where the name was not looked up, and in journeys of 0.1.0. */
  aliasOf: dnsNameSchema.nullable().optional(),
  /** Its name (the end of its alias) does not exist: `zone` says so, the closest one that does. */
  missing: z.object({ name: dnsNameSchema, zone: dnsNameSchema }).optional(),
  /** Only the zone above names it, not the zone itself. */
  listedBy: z.literal('parent').optional(),
});

/** Whom a zone's servers are, as one server tells it. */
const nameServerSet = {
  /** Sorted. */
  nameservers: z.array(wireTextSchema),
  /** Addresses that came along, of name servers only; sorted by name. */
  glue: z.array(z.object({ name: wireTextSchema, address: ipAddressSchema })),
};
const teller = z.object({ name: wireTextSchema, address: ipAddressSchema });

/** What another server of the zone above says: `serves`: it serves the zone itself, and refers to nobody; `denies`: nothing is delegated. */
const parentView = z.object({
  server: teller,
  says: z.enum(['refers', 'serves', 'denies']),
  /** The zone that it refers to or serves; of a denial its own. */
  zone: dnsNameSchema,
  ...nameServerSet,
});

/** A delegation as a server of the zone above tells it (RFC 1034 4.2.2). */
const parent = z.object({
  /** The closest zone above whose servers were asked. */
  zone: dnsNameSchema,
  /** Who told: of its servers the one that answered first. */
  server: teller,
  ...nameServerSet,
  ttlSeconds: count,
  /** DS records: 0 makes the zone insecure; null when the server did not say. */
  dsCount: count.nullable(),
  /** The others that answered; absent in journeys of 0.1.0. */
  others: z.array(parentView).optional(),
});

export const zone = z.object({
  zone: dnsNameSchema,
  /** The first name of the alias chain that this zone owns: what its servers were asked for. */
  entry: dnsNameSchema,
  nameservers: z.array(nameserver),
  /** Why the list of name servers could not be had from the resolver. */
  problem: problemSchema.nullable(),
  /** Addresses beyond `maxServers`; above the leaf zone only a few are asked. */
  addressesNotAsked: count,
  /** What is left of the NS set's life at the resolver. */
  nsTtlLeftSeconds: count.nullable().optional(),
  /** Absent at the root, where nobody above was reached, and where the servers of the zone above serve this one too. */
  parent: parent.optional(),
  /** A server of the zone above that serves this one, too, where none of those asked refers to it. */
  servedAbove: z.object({ zone: dnsNameSchema, server: teller }).optional(),
});

/**
 * Why a walk did not reach the zone. `no-root-servers`: the resolver names none; `no-answer`: no server of `at` gave a referral;
 * `no-addresses`: nobody tells an address of a server of `at`;
 * `upward-referral`, `referral-loop`: they point above or at `at` itself; `other-zone`: the public tree ends in another zone than
 * the resolver told, as inside a company; `too-deep`, `too-many-queries`: our own bounds; `stopped`: by the deadline or the user.
 */
const walkEnds = [
  'no-root-servers',
  'no-answer',
  'no-addresses',
  'upward-referral',
  'referral-loop',
  'other-zone',
  'too-deep',
  'too-many-queries',
  'stopped',
] as const;

/** A zone on the way from one zone's name servers to their addresses. */
const dependency = z.object({
  zone: dnsNameSchema,
  /** As the zone above names them. */
  nameservers: z.array(wireTextSchema),
  /** Addresses that came along, or that the resolver told: with one, nothing further is needed. */
  addresses: count,
});

/** The walk from the root to the zone of the canonical name. */
export const walk = z.object({
  /** `complete`: every cut down to that zone was seen; `failed`: not even the root's servers answered. */
  state: z.enum(['complete', 'unfinished', 'failed']),
  /** The last zone that was reached. */
  at: dnsNameSchema,
  because: z.enum(walkEnds).nullable(),
  /** Of the first server of `at` that failed. */
  problem: problemSchema.nullable(),
  queries: count,
  durationMs: milliseconds,
  /** The resolver could not tell the zone: the walk found it, or came as far as `at`. */
  found: z.literal('by-walk').optional(),
  /** Where no server of `at` has an address: what their names depend on, that zone first. */
  dependencies: z.array(dependency).optional(),
});

export const aliasWalk = walk.extend({ zone: dnsNameSchema, above: z.array(zone) });

export type ZoneEvidence = z.infer<typeof zone>;
export type ParentEvidence = z.infer<typeof parent>;
export type WalkEvidence = z.infer<typeof walk>;
export type WalkEnd = (typeof walkEnds)[number];
export type Lameness = (typeof lamenesses)[number];
export type NameServerEvidence = z.infer<typeof nameserver>;
export type ServerEvidence = z.infer<typeof server>;
export type AnswerEvidence = z.infer<typeof answer>;
export type ServerError = z.infer<typeof serverError>;
export type ParentViewEvidence = z.infer<typeof parentView>;
export type DependencyEvidence = z.infer<typeof dependency>;
export type AliasWalkEvidence = z.infer<typeof aliasWalk>;
