// Owns the record of what was seen in DNS: the name, its alias chain, its zones and what each of their servers says.
// Never judges, and holds JSON only.
import { z } from 'zod';
import { problemCodes } from '../../src/model/problem.ts';
import {
  count,
  dnsNameSchema,
  ipAddressSchema,
  milliseconds,
  problemSchema,
  wireTextSchema,
} from '../../src/model/schema.ts';
import { dnsTransports, peerVerifications } from '../../src/model/trace.ts';
import { dnssecDetailSchema, dnssecStates } from './evidence-dnssec.ts';
import { externalDns, network } from './evidence-networks.ts';
import { earlier, policy } from './evidence-policy.ts';
import { soa, toldAlias, toldSet } from './evidence-records.ts';
import { resolverCertificate, resolverTry } from './evidence-resolver.ts';
import { safetySchema } from './evidence-safety.ts';
import { aliasWalk, answer, walk, zone } from './evidence-zone.ts';

export type {
  AliasWalkEvidence,
  AnswerEvidence,
  DependencyEvidence,
  Lameness,
  NameServerEvidence,
  ParentEvidence,
  ParentViewEvidence,
  ServerError,
  ServerEvidence,
  WalkEnd,
  WalkEvidence,
  ZoneEvidence,
} from './evidence-zone.ts';

/** A record as the resolver gave it. `ttlSeconds` is what is left of its life there; the authority's TTL is its whole life. */
const record = answer.extend({
  name: dnsNameSchema,
  /** HTTPS and CAA in zone-file form; what each authority tells of them is in its `recordSets`. */
  type: z.enum(['A', 'AAAA', 'CNAME', 'DNAME', 'HTTPS', 'CAA']),
  authoritativeTtlSeconds: count.nullable(),
});

/** One way to move traffic, and the record set whose TTL holds it up. */
const lever = z.object({
  /**
   * `address`: the addresses of a name without alias; `alias`: what an alias points to; `alias-target`: the addresses at the
   * end of the chain; `name-servers`: the NS set of a zone.
   */
  lever: z.enum(['address', 'alias', 'alias-target', 'name-servers']),
  record: z.object({ name: dnsNameSchema, type: z.enum(['A', 'AAAA', 'CNAME', 'DNAME', 'NS']) }),
  ttlSeconds: count,
  /** `resolver`: only the time left in a cache is known, a lower bound. */
  basis: z.enum(['authority', 'resolver']),
  /** Half the TTL: caches were filled at any time before the change. */
  typicalSeconds: z.number().nonnegative(),
  /** The TTL and a second of rounding. */
  worstSeconds: count,
  /** What this lever changes. */
  note: z.string(),
});

/** What a name around the service says about where it leads. */
const target = z.object({
  name: dnsNameSchema,
  /** `chain`: the name or a target of its aliases. `reverse`: what the owner of an address calls it. */
  from: z.enum(['chain', 'reverse']),
  /** Of `reverse`. */
  address: ipAddressSchema.nullable(),
  operator: z.string(),
  product: z.string(),
  /** `address`: a machine or address of the operator's; what stands on it is not told. */
  kind: z.enum(['balancer', 'cdn', 'platform', 'address']),
  region: z.string().nullable(),
  /** Availability zone, of a name that leads there only. */
  zone: z.string().nullable(),
  /** Where the operator documents the shape of the name. */
  source: z.string(),
});

/** How long a change takes to be seen by everybody whose resolver keeps to the TTL. */
const shift = z.object({
  /** The largest TTL of the chain: every link may be the one that changes. */
  worstSeconds: count,
  /** Half of it: caches were filled at any time before the change. */
  typicalSeconds: z.number().nonnegative(),
  /** `name type` of the record set with that TTL. */
  limitedBy: z.string(),
  /** `resolver`: for at least one link only the time left in a cache is known, so that both figures are lower bounds. */
  basis: z.enum(['authority', 'resolver']),
  levers: z.array(lever).optional(),
  /** Unix ms when the journey began: what "lower the TTL now" counts from. */
  asOfMs: z.number().optional(),
});

/** What CAA records say. */
const properties = {
  /** Values as they are, parameters included: `ca.example; accounturi=...`. */
  issue: z.array(wireTextSchema),
  issuewild: z.array(wireTextSchema),
  /** Tags that no issuer is known to understand but must: none may issue (RFC 8659 4.1). */
  critical: z.array(wireTextSchema),
};

/** The CAA records of one name of the climb. */
const caaSet = z.object({
  name: dnsNameSchema,
  problem: problemSchema.nullable(),
  /** All CAA records, whatever their tag; broken ones included. */
  records: count,
  malformed: count,
  ...properties,
});

const caa = z.object({
  /** The closest name that has CAA records: they alone count (RFC 8659 3). Null when none has. */
  at: dnsNameSchema.nullable(),
  ...properties,
  /** The name first, then each name above it, the top-level domain last. */
  asked: z.array(caaSet),
});

/** One readable HTTPS record. */
const https = z.object({
  name: wireTextSchema,
  ttlSeconds: count,
  /** 0: alias mode. */
  priority: count,
  /** `.`: the owner itself; in alias mode: no such service. */
  target: wireTextSchema,
  mandatory: z.array(count),
  alpn: z.array(wireTextSchema),
  noDefaultAlpn: z.boolean(),
  port: count.nullable(),
  ipv4Hint: z.array(ipAddressSchema),
  ipv6Hint: z.array(ipAddressSchema),
  ech: z.boolean(),
  otherKeys: z.array(count),
});

const httpsLookup = z.object({
  /** What was asked: the name, or `_port._https.` before it (RFC 9460 9.1). */
  name: dnsNameSchema,
  problem: problemSchema.nullable(),
  /** Records that break their format: clients then ignore all of them (RFC 9460 2.2). */
  malformed: count,
  /** Other names that the records lead to. */
  targets: z.array(
    z.object({
      name: wireTextSchema,
      addresses: z.array(ipAddressSchema),
      problem: problemSchema.nullable(),
    }),
  ),
});

/** What one resolver says of the name on its own. Both families together: `error` may be that of one. */
const resolver = z.object({
  /** As it is written for `--resolver`. */
  resolver: z.string(),
  /** Null when nothing was heard. */
  transport: z.enum(dnsTransports).nullable(),
  /** Over TLS and HTTPS: what its certificate was verified for; `none`: it was not, so that anybody on the way may have answered. */
  verified: z.enum(peerVerifications).nullable(),
  rcode: z.string().nullable(),
  /** Sorted. */
  addresses: z.array(ipAddressSchema),
  /** The answer holds an alias. */
  aliased: z.boolean(),
  /** Absent without one. */
  aliases: z.array(toldAlias).optional(),
  /** Absent where they were not asked for. */
  recordSets: z.array(toldSet).optional(),
  /** Shortest time left of the address records in its cache. */
  ttlSeconds: count.nullable(),
  /** The faster of the two questions. Over TLS and HTTPS the first question of a journey waits for the connection too. */
  rttMs: milliseconds.nullable(),
  /** AD bit: it says that it validated the answers. */
  authenticated: z.boolean().nullable(),
  /** A TTL that had not fallen when it was asked again more than a second later; only of one that old answers carry (RFC 8767 4). */
  repeatedTtlSeconds: count.optional(),
  /** RFC 8914. */
  extendedErrors: z.array(z.object({ code: count, name: z.string(), text: wireTextSchema })),
  error: z.enum(problemCodes).nullable(),
  detail: wireTextSchema.nullable(),
  /** After SERVFAIL: of the same question with CD=1, which asks a validating resolver for what it holds back (RFC 4035 3.2.2). */
  uncheckedRcode: z.string().optional(),
  /** In order; absent in journeys that did not write them down. */
  tries: z.array(resolverTry).optional(),
  /** False: it repeats questions in letters of its own (draft-vixie-dnsext-dns0x20). Absent: not tried. */
  caseKept: z.boolean().optional(),
  /** Only over TLS and HTTPS; absent in journeys that did not look. */
  certificate: resolverCertificate.optional(),
});

export const dnsEvidenceSchema = z.object({
  name: dnsNameSchema,
  /** Of the lookup: `IP` or `IP#PORT`. */
  resolver: z.string(),
  lookup: z.object({
    durationMs: milliseconds,
    problem: problemSchema.nullable(),
    ipv4Problem: problemSchema.nullable(),
    ipv6Problem: problemSchema.nullable(),
    /** Only over TLS and HTTPS. */
    verified: z.enum(peerVerifications).optional(),
  }),
  aliases: z.array(
    z.object({
      name: dnsNameSchema,
      target: dnsNameSchema,
      ttlSeconds: count,
      /** Of which the alias was made (RFC 6672); absent for a CNAME record of its own. */
      dname: z.object({ name: dnsNameSchema, target: wireTextSchema, ttlSeconds: count }).optional(),
    }),
  ),
  canonicalName: dnsNameSchema,
  records: z.array(record),
  /** Absent when the name has no address, and in journeys of 0.1.0; so are the two below. */
  caa: caa.optional(),
  /** Of the host, as a resolver gave them. */
  https: z.array(https).optional(),
  httpsLookup: httpsLookup.optional(),
  /** Port at which authorities were asked. */
  authorityPort: z.int(),
  /**
   * From the root to the zone of the canonical name, which is the last; that one alone where the walk failed. Where no resolver could
   * tell it (`walk.found`), the last is the deepest zone that the walk came to: it owns the name, or its servers do not answer.
   */
  delegation: z.array(zone),
  /** Absent in journeys of 0.1.0, and where the zone was not found. */
  walk: walk.optional(),
  /** Other zones that own links of the alias chain. */
  aliasZones: z.array(zone),
  /** The walks to them, in that order, with the zones on the way that are not in `delegation`; absent in journeys of 0.1.0. */
  aliasWalks: z.array(aliasWalk).optional(),
  /** Why `delegation` is empty. */
  zoneProblem: problemSchema.nullable(),
  /** Of the zone of the canonical name, as its first authority told it. */
  soa: soa.nullable(),
  /** How long "does not exist" is remembered: RFC 2308 5. */
  negativeTtlSeconds: count.nullable(),
  provider: z.string().nullable(),
  /** In the order of the chain; those of the addresses only when the chain tells nothing. */
  targets: z.array(target).optional(),
  shift: shift.nullable(),
  /** Of the zone of the canonical name. */
  policy: policy.optional(),
  /** Of the zone of the first alias, when that is another one. */
  aliasPolicy: policy.optional(),
  /** Of earlier journeys to the same host, the oldest first; absent when none was given. */
  earlier: z.array(earlier).optional(),
  /** Of the addresses and the name servers; absent where no list was given. */
  networks: z.array(network).optional(),
  /** Absent where nobody asked (without `mailRecords`). */
  externalDns: z.array(externalDns).optional(),
  /** Each resolver given (else each of the system's), in that order. */
  resolvers: z.array(resolver).optional(),
  dnssec: z.enum(dnssecStates),
  /** Absent in journeys that did not look. */
  dnssecDetail: dnssecDetailSchema.optional(),
  /** Absent in journeys that did not look. */
  safety: safetySchema.optional(),
});

export type DnsEvidence = z.infer<typeof dnsEvidenceSchema>;
export type RecordEvidence = z.infer<typeof record>;
export type { ExternalDnsEvidence, NetworkEvidence } from './evidence-networks.ts';
export type { EarlierEvidence, NodeEvidence, PolicyEvidence, PolicyKind } from './evidence-policy.ts';
export type LeverEvidence = z.infer<typeof lever>;
export type TargetEvidence = z.infer<typeof target>;
export type CaaEvidence = z.infer<typeof caa>;
export type CaaSetEvidence = z.infer<typeof caaSet>;
export type HttpsEvidence = z.infer<typeof https>;
export type HttpsLookupEvidence = z.infer<typeof httpsLookup>;
export type { SoaEvidence, ToldAliasEvidence, ToldSetEvidence } from './evidence-records.ts';
export type ResolverEvidence = z.infer<typeof resolver>;

/** What a check of this probe needs. */
export type DnsFacts = { readonly dns: DnsEvidence };
