// Owns what changes the looking (options) and what changes the judging (policy).
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const dnsOptionsSchema = z.strictObject({
  /** Only the embedded world and tests have authorities elsewhere. */
  authorityPort: z.int().min(1).max(65_535).default(options.authorityPort),
  /** Name server addresses asked in each zone, at most. */
  maxServers: z.int().min(1).max(64).default(options.maxServers),
  /** Questions that tell the routing policy, spread over the servers of a zone; 0 for none. */
  policyQueries: z.int().min(0).max(1_000).default(options.policyQueries),
  /** Ask for the MX and TXT records of the name too: they move no traffic, so only who wants every table wants them. */
  mailRecords: z.boolean().default(options.mailRecords),
  /** Whether each server of the zone is asked for the whole zone: some operators take it for an attack. */
  axfr: z.boolean().default(options.axfr),
  /** How each server of the leaf zone is tried: `few`, the three questions of every journey; `whole`, all of them; `none`. */
  conformance: z.enum(['none', 'few', 'whole']).default(options.conformance),
  /** DS or DNSKEY lines to begin from; null for the keys of the root as IANA publishes them. */
  trustAnchor: z.string().max(65_536).nullable().default(options.trustAnchor),
  /** Lines of a named.root file; null for the root's servers as the resolver knows them. */
  rootHints: z.string().max(65_536).nullable().default(options.rootHints),
});

export const dnsPolicySchema = z.strictObject({
  /** A change that may take longer than this to be seen is a warning. */
  shiftWarnSeconds: z.number().nonnegative().default(policy.shiftWarnSeconds),
  /** "Does not exist" that is remembered longer than this is noted. */
  negativeNoticeSeconds: z.number().nonnegative().default(policy.negativeNoticeSeconds),
  /** A server that answers more slowly is noted, where others of its zone are within reach. */
  nameServerSlowMs: z.number().positive().default(policy.nameServerSlowMs),
  /** Share of a zone's server addresses that may be so slow. */
  slowServersShare: z.number().min(0).max(1).default(policy.slowServersShare),
  /** NS records that live longer than this, in the zone or at its parent, are noted; top-level domains usually tell two days. */
  providerMoveNoticeSeconds: z.number().nonnegative().default(policy.providerMoveNoticeSeconds),
});

export type DnsOptions = z.infer<typeof dnsOptionsSchema>;
export type DnsPolicy = z.infer<typeof dnsPolicySchema>;
