// Owns the way from the trust anchor to the addresses of a name: zone by zone, each link verified by the one above it
// (RFC 4035 5, RFC 6840). Never takes silence for a verdict: what the resolver does not give is `not-checked`.
import type { DnsRecord, DnsReply } from '../../../src/contract/net.ts';
import { dnsName, interpret, sameText } from '../../../src/model/text.ts';
import type { TrustAnchor } from '../../../src/net/dns/trust-anchor.ts';
import type { DnssecReason } from '../evidence-dnssec.ts';
import { matchesDs } from './algorithms.ts';
import { denial, deniesCloser, type Proof } from './denial.ts';
import { fromLabels, isWithin, labelsOf, nameOctets, parentOf, type ZoneName } from './names.ts';
import { type Dnskey, readDnskey, readDs, readNsec, readNsec3, Type } from './records.ts';
import { type RRset, rrsetsOf } from './rrset.ts';
import type { Source, Told } from './source.ts';
import type { Trace } from './trace.ts';
import { type Bench, namedBy, type Signer, usableDs, type Verified, verifyKeys, verifySet } from './verify.ts';

/** Why the way ends, and at which link. */
export interface Because {
  readonly reason: DnssecReason;
  readonly zone: ZoneName;
  readonly name: ZoneName;
  readonly type: string;
  /** When the best signature expired, Unix seconds. */
  readonly expiredAt: number | null;
}

export type Ended = { readonly state: 'insecure' | 'bogus' | 'not-checked'; readonly because: Because };
type Secure = { readonly state: 'secure'; readonly zone: ZoneName; readonly signer: Signer };
type Trust = Secure | Ended;
export type Outcome = { readonly state: 'secure' } | Ended;

/** Resolvers give up after as many restarts. */
const MAX_LINKS = 12;
/** NSEC and NSEC3 records of one reply that are read; a proof needs three. */
const MAX_PROOFS = 8;

export interface Validation {
  readonly source: Source;
  readonly anchors: readonly TrustAnchor[];
  readonly bench: Bench;
  readonly trace: Trace;
  /** The zones' own servers are asked: what one of them lacks was not lost at a resolver, and authority is what it should have. */
  readonly direct?: true;
}

/** Which keys the zone above, or an anchor, vouches for. */
type Trusted = (key: Dnskey) => boolean;

export function openValidator(given: Validation) {
  const known = new Map<ZoneName, Promise<Trust>>();
  const entries: Entries = new Map();
  /** The zone that holds a name, and whether its keys are believed. */
  const trustOf = (name: ZoneName): Promise<Trust> => {
    const found = known.get(name) ?? trustAt(name);
    known.set(name, found);
    return found;
  };
  const trustAt = async (name: ZoneName): Promise<Trust> => {
    const anchors = given.anchors.filter((anchor) => anchor.zone === name);
    if (anchors.length > 0) return fromAnchors(given, entries, name, anchors);
    const parent = parentOf(name);
    if (parent === null) return ended('not-checked', 'no-anchor', '.', '.', 'DNSKEY');
    const above = await trustOf(parent);
    return above.state === 'secure' ? stepDown(given, entries, above, name) : above;
  };
  return {
    trustOf,
    judge: (name: ZoneName, type: 'A' | 'AAAA') => judge(given, trustOf, name, type),
    /** Which keys of a zone are vouched for; null where none are, or the way did not come so far. */
    async entryOf(zone: ZoneName): Promise<Trusted | null> {
      await trustOf(zone);
      return entries.get(zone) ?? null;
    },
  };
}

function ended(
  state: Ended['state'],
  reason: DnssecReason,
  zone: ZoneName,
  name: ZoneName,
  type: string,
  expiredAt: number | null = null,
): Ended {
  return { state, because: { reason, zone, name, type, expiredAt } };
}

type Entries = Map<ZoneName, Trusted>;

async function fromAnchors(
  given: Validation,
  entries: Entries,
  zone: ZoneName,
  anchors: readonly TrustAnchor[],
): Promise<Trust> {
  const owner = octets(zone);
  const trusted: Trusted = (key) =>
    anchors.some((one) => (one.type === 'DS' ? matchesDs(one, owner, key) : one.data.equals(key.data)));
  entries.set(zone, trusted);
  const trust = await keysOf(given, zone, trusted);
  if (zone !== '.' || trust.state !== 'bogus') return trust;
  // Nobody's zone is to blame when the root itself does not verify: this resolver or this machine sees another world.
  const { reason } = trust.because;
  if (reason === 'no-matching-key') return ended('not-checked', 'another-root', '.', '.', 'DNSKEY');
  if (reason === 'no-keys' || reason === 'no-signature')
    return ended('not-checked', 'no-signatures', '.', '.', 'DNSKEY');
  return ended('not-checked', 'root-does-not-verify', '.', '.', 'DNSKEY', trust.because.expiredAt);
}

async function keysOf(given: Validation, zone: ZoneName, trusted: Trusted): Promise<Trust> {
  const told = await given.source.ask(zone, 'DNSKEY');
  if (told.reply === null) return untold(told, zone, zone, 'DNSKEY');
  const owner = octets(zone);
  const set = setAt(rrsetsOf(told.reply.answers), owner, Type.DNSKEY);
  const keys = (set?.data ?? []).flatMap((data) => readDnskey(data) ?? []);
  if (set === undefined || keys.length === 0) return lacking(given, told.reply, 'no-keys', zone, zone, 'DNSKEY');
  given.trace.keyed(zone, keys);
  const verified = verifyKeys(set, keys, trusted, given.bench);
  if (!verified.ok) return refused(given, told.reply, verified, zone, zone, 'DNSKEY');
  given.trace.held(zone, zone, verified.signature);
  return { state: 'secure', zone, signer: { zone: owner, keys } };
}

/** Over one label: a signed delegation, one proven to be unsigned, or no zone cut at all. */
async function stepDown(given: Validation, entries: Entries, above: Secure, name: ZoneName): Promise<Trust> {
  const told = await given.source.ask(name, 'DS');
  if (told.reply === null) return untold(told, above.zone, name, 'DS');
  const sets = rrsetsOf(told.reply.answers);
  const owner = octets(name);
  const set = setAt(sets, owner, Type.DS);
  if (set === undefined) {
    // No zone begins at an alias (RFC 2181 10.1).
    const alias = setAt(sets, owner, Type.CNAME);
    const led =
      alias !== undefined &&
      (verifySet(alias, above.signer, given.bench).ok || isSynthesized(given, above, sets, alias));
    return led ? above : withoutDs(given, above, told.reply, name);
  }
  const verified = verifySet(set, above.signer, given.bench);
  if (!verified.ok) return refused(given, told.reply, verified, above.zone, name, 'DS');
  given.trace.held(above.zone, name, verified.signature);
  const all = set.data.flatMap((data) => readDs(data) ?? []);
  given.trace.delegated(name, all);
  if (usableDs(all).length === 0) return ended('insecure', 'unsupported-algorithm', above.zone, name, 'DS');
  const trusted = namedBy(all, owner);
  entries.set(name, trusted);
  return keysOf(given, name, trusted);
}

function withoutDs(given: Validation, above: Secure, reply: DnsReply, name: ZoneName): Trust {
  const { proof, failed } = proofOf(given, above, reply.authorities, name);
  switch (denial(proof, octets(name), Type.DS)) {
    case 'absent':
      return above;
    case 'delegated':
      return ended('insecure', 'unsigned-delegation', above.zone, name, 'DS');
    case 'opt-out':
      return ended('insecure', 'opt-out', above.zone, name, 'DS');
    case 'too-many-iterations':
      return ended('insecure', 'too-many-iterations', above.zone, name, 'DS');
    case null:
      return failed === null
        ? lacking(given, reply, 'no-proof', above.zone, name, 'DS')
        : refused(given, reply, failed, above.zone, name, 'DS');
  }
}

type TrustOf = (name: ZoneName) => Promise<Trust>;

/** Along the aliases to the records or to the proof that there are none. One bogus link makes the whole bogus. */
async function judge(given: Validation, trustOf: TrustOf, name: ZoneName, type: 'A' | 'AAAA'): Promise<Outcome> {
  let [asked, at] = [name, name];
  let told = await given.source.ask(name, type);
  let insecure: Ended | null = null;
  for (let links = 0; links < MAX_LINKS; links++) {
    const trust = await trustOf(at);
    if (told.reply === null) return untold(told, '.', at, type);
    if (trust.state === 'bogus' || trust.state === 'not-checked') return trust;
    if (trust.state === 'insecure') insecure ??= trust;
    const sets = rrsetsOf(told.reply.answers);
    const set = setAt(sets, octets(at), Type[type]) ?? setAt(sets, octets(at), Type.CNAME);
    if (set === undefined && asked !== at) {
      // The resolver left the chain open: its end is asked for by name.
      told = await given.source.ask(at, type);
      asked = at;
      continue;
    }
    const link = trust.state !== 'secure' ? null : linkOf(given, trust, told.reply, { set, sets, at, type });
    if (link !== null && link.state !== 'secure') return link;
    if (set === undefined || set.type !== Type.CNAME) return insecure ?? { state: 'secure' };
    const target = targetOf(told.reply.answers, at);
    if (target === null) return ended('not-checked', 'unfit-name', '.', at, 'CNAME');
    at = target;
  }
  return insecure ?? ended('not-checked', 'too-many-questions', '.', at, type);
}

interface Link {
  readonly set: RRset | undefined;
  readonly sets: readonly RRset[];
  readonly at: ZoneName;
  readonly type: 'A' | 'AAAA';
}

function linkOf(given: Validation, trust: Secure, reply: DnsReply, { set, sets, at, type }: Link): Outcome {
  if (set === undefined) return absence(given, trust, reply, at, type);
  const typeName = set.type === Type.CNAME ? 'CNAME' : type;
  const verified = verifySet(set, trust.signer, given.bench);
  if (!verified.ok) {
    return set.type === Type.CNAME && isSynthesized(given, trust, sets, set)
      ? { state: 'secure' }
      : refused(given, reply, verified, trust.zone, at, typeName);
  }
  given.trace.held(trust.zone, at, verified.signature);
  if (verified.encloser === null) return { state: 'secure' };
  const { proof } = proofOf(given, trust, reply.authorities, at);
  return deniesCloser(proof, set.owner, verified.encloser)
    ? { state: 'secure' }
    : lacking(given, reply, 'no-proof', trust.zone, at, typeName);
}

function absence(given: Validation, trust: Secure, reply: DnsReply, at: ZoneName, type: 'A' | 'AAAA'): Outcome {
  const { proof, failed } = proofOf(given, trust, reply.authorities, at);
  switch (denial(proof, octets(at), Type[type])) {
    case 'absent':
      return { state: 'secure' };
    case 'opt-out':
      return ended('insecure', 'opt-out', trust.zone, at, type);
    case 'too-many-iterations':
      return ended('insecure', 'too-many-iterations', trust.zone, at, type);
    default:
      return failed === null
        ? lacking(given, reply, 'no-proof', trust.zone, at, type)
        : refused(given, reply, failed, trust.zone, at, type);
  }
}

/** RFC 6672 5.3.1: an alias made from a DNAME carries no signature of its own. */
function isSynthesized(given: Validation, trust: Secure, sets: readonly RRset[], alias: RRset): boolean {
  return sets.some(({ owner, type, data }, index) => {
    if (type !== Type.DNAME || owner.equals(alias.owner) || !isWithin(alias.owner, owner)) return false;
    const labels = labelsOf(alias.owner);
    const kept = labels.slice(0, labels.length - labelsOf(owner).length);
    const target = data[0] === undefined ? null : fromLabels([...kept, ...labelsOf(data[0])]);
    const set = sets[index];
    return (
      set !== undefined &&
      target !== null &&
      alias.data[0]?.equals(target) === true &&
      verifySet(set, trust.signer, given.bench).ok
    );
  });
}

/** The NSEC and NSEC3 records that the zone has signed, and the fault of the first that it has not. */
function proofOf(given: Validation, trust: Secure, records: readonly DnsRecord[], at: ZoneName) {
  const sets = rrsetsOf(records).filter(({ type }) => type === Type.NSEC || type === Type.NSEC3);
  let failed: (Verified & { readonly ok: false }) | null = null;
  const held: RRset[] = [];
  for (const set of sets.slice(0, MAX_PROOFS)) {
    const verified = verifySet(set, trust.signer, given.bench);
    if (!verified.ok) failed ??= verified;
    // RFC 4035 5.3.2: a proof is never a wildcard's.
    else if (verified.encloser === null) {
      held.push(set);
      given.trace.held(trust.zone, at, verified.signature);
    }
  }
  const data = (type: number) =>
    held
      .filter((set) => set.type === type)
      .flatMap((set) => set.data.slice(0, 1).map((one) => [set.owner, one] as const));
  const nsec3 = data(Type.NSEC3).flatMap(([owner, one]) => readNsec3(owner, one) ?? []);
  const nsec = data(Type.NSEC).flatMap(([owner, one]) => readNsec(owner, one) ?? []);
  given.trace.denied(trust.zone, nsec, nsec3);
  return { proof: { zone: trust.signer.zone, nsec, nsec3 } satisfies Proof, failed };
}

/** What is missing may have been held back on the way; what is there and does not verify has not. */
function lacking(
  given: Validation,
  reply: DnsReply,
  reason: DnssecReason,
  zone: ZoneName,
  name: ZoneName,
  type: string,
): Ended {
  // A resolver never claims authority for what it fetched (RFC 1035 4.1.1): it serves a copy of its own, without signatures.
  if (reply.authoritative && given.direct !== true)
    return ended('not-checked', 'served-by-the-resolver', zone, name, type);
  if (!reply.dnssecOk) return ended('not-checked', 'no-signatures', zone, name, type);
  return ended('bogus', reason, zone, name, type);
}

function refused(
  given: Validation,
  reply: DnsReply,
  { fault, expiredAt }: Verified & { readonly ok: false },
  zone: ZoneName,
  name: ZoneName,
  type: string,
): Ended {
  return fault === 'no-signature'
    ? lacking(given, reply, fault, zone, name, type)
    : ended('bogus', fault, zone, name, type, expiredAt);
}

function untold({ because }: Told, zone: ZoneName, name: ZoneName, type: string): Ended {
  return ended('not-checked', because ?? 'resolver-failed', zone, name, type);
}

function setAt(sets: readonly RRset[], owner: Buffer, type: number): RRset | undefined {
  return sets.find((set) => set.type === type && set.owner.equals(owner));
}

function targetOf(records: readonly DnsRecord[], at: ZoneName): ZoneName | null {
  for (const record of records) {
    if (record.type === 'CNAME' && sameText(record.name, at)) return interpret(record.target, dnsName);
  }
  return null;
}

function octets(name: ZoneName): Buffer {
  // A ZoneName passed `dnsName`, which keeps to the limits of names.
  return nameOctets(name) ?? Buffer.from([0]);
}
