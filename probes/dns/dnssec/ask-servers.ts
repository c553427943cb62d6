// Owns what each server of the name's zone gives to those who validate: its keys, its signatures, and what it asks of the parent.
// Never takes the word of one server for another: each is held against the DS records of the parent alone.
import type { DnsRecord, DnsReply, DnsServer, RecordType } from '../../../src/contract/net.ts';
import type { ProblemCode } from '../../../src/model/problem.ts';
import type { IpAddress } from '../../../src/model/text.ts';
import { ask, type Context } from '../ask.ts';
import type { ZoneEvidence } from '../evidence.ts';
import type { SignedServerEvidence } from '../evidence-dnssec.ts';
import { servingAddresses } from './authority-source.ts';
import { isWithin, nameOctets, type ZoneName } from './names.ts';
import { type Dnskey, keyTag, readDnskey, readDs, Type } from './records.ts';
import { type RRset, rrsetsOf } from './rrset.ts';
import { signersNamed } from './trace.ts';
import { absolute, type Bench, type Signer, type Verified, verifyKeys, verifySet } from './verify.ts';

type SignedSet = SignedServerEvidence['sets'][number];

const MAX_TAGS = 16;
/** NSEC and NSEC3 sets of one reply; a proof needs three. */
const MAX_PROOFS = 4;

export interface Asking {
  readonly zone: ZoneEvidence;
  readonly type: 'A' | 'AAAA';
  /** Which keys the parent vouches for. */
  readonly trusted: (key: Dnskey) => boolean;
  /** The keys of the zone as they were believed; none where they were not. */
  readonly believed: readonly Dnskey[];
  readonly bench: Bench;
}

/** Side by side, in the order of the zone's addresses. All of them are asked for CDS, the first for CDNSKEY, the others when one has either. */
export async function askServers(context: Context, asking: Asking): Promise<SignedServerEvidence[]> {
  const addresses = servingAddresses(asking.zone).slice(0, context.options.maxServers);
  const heard = await Promise.all(addresses.map((address, index) => askServer(context, asking, address, index === 0)));
  const automated = heard.some(({ server }) => (server.cds ?? []).length > 0 || (server.cdnskey ?? []).length > 0);
  if (!automated) return heard.map(({ server }) => server);
  return Promise.all(
    heard.map(async ({ server, keys }) => {
      if (server.cdnskey !== null) return server;
      const { reply } = await put(context, server.address, asking.zone.zone, 'CDNSKEY');
      return { ...server, cdnskey: reply === null ? null : childKeys(reply, asking.zone.zone, keys) };
    }),
  );
}

interface Heard {
  readonly server: SignedServerEvidence;
  readonly keys: readonly Dnskey[];
}

async function askServer(context: Context, asking: Asking, address: IpAddress, isFirst: boolean): Promise<Heard> {
  const { zone, entry } = asking.zone;
  const [keyed, told, cds, cdnskey] = await Promise.all([
    put(context, address, zone, 'DNSKEY'),
    put(context, address, entry, asking.type),
    put(context, address, zone, 'CDS'),
    isFirst ? put(context, address, zone, 'CDNSKEY') : null,
  ]);
  const own = keyed.reply === null ? null : keysIn(keyed.reply, zone);
  const keys = own?.keys ?? [];
  const verified = own === null ? null : verifiedKeys(asking, own);
  const signer = { zone: octets(zone), keys: verified?.fault === null ? keys : asking.believed };
  const server: SignedServerEvidence = {
    address,
    error: keyed.error ?? told.error ?? cds.error ?? cdnskey?.error ?? null,
    keys: own === null ? null : tagsOf(keys.map(({ tag }) => tag)),
    sets: [
      ...(verified === null ? [] : [verified]),
      ...(told.reply === null ? [] : answerSets(asking, told.reply, signer)),
    ],
    cds: cds.reply === null ? null : childSigners(cds.reply, zone, keys),
    cdnskey: cdnskey?.reply ? childKeys(cdnskey.reply, zone, keys) : null,
  };
  return { server, keys };
}

interface Put {
  readonly reply: DnsReply | null;
  readonly error: ProblemCode | null;
}

async function put(context: Context, address: IpAddress, name: ZoneName, type: RecordType): Promise<Put> {
  const server: DnsServer = { address, port: context.options.authorityPort };
  const { reply, problem } = await ask(context, server, { name, type, recursionDesired: false, dnssec: true });
  if (reply === null) return { reply, error: problem.code };
  // Too long for a datagram, and TCP failed.
  if (reply.truncated && reply.transport === 'udp') return { reply: null, error: 'dns-unreachable' };
  return { reply, error: null };
}

function keysIn(reply: DnsReply, zone: ZoneName) {
  const set = rrsetsOf(reply.answers).find((one) => one.type === Type.DNSKEY && one.owner.equals(octets(zone)));
  return { set, keys: (set?.data ?? []).flatMap((data) => readDnskey(data) ?? []) };
}

function verifiedKeys({ zone: { zone }, trusted, bench }: Asking, { set, keys }: ReturnType<typeof keysIn>): SignedSet {
  if (set === undefined || keys.length === 0) {
    return { name: zone, type: 'DNSKEY', tags: [], fault: 'no-keys', expiresAt: null };
  }
  return written(zone, 'DNSKEY', set, verifyKeys(set, keys, trusted, bench), bench);
}

/** The records of the name, or an alias there, or what proves that there are none. */
function answerSets({ zone: { zone, entry }, type, bench }: Asking, reply: DnsReply, signer: Signer): SignedSet[] {
  if (!reply.authoritative) return [];
  const set = answerAt(rrsetsOf(reply.answers), octets(entry), Type[type]);
  if (set !== undefined) {
    const typeName = set.type === Type.CNAME ? 'CNAME' : set.type === Type.DNAME ? 'DNAME' : type;
    return [written(entry, typeName, set, verifySet(set, signer, bench), bench)];
  }
  const proofs = rrsetsOf(reply.authorities).filter((one) => one.type === Type.NSEC || one.type === Type.NSEC3);
  const [first] = proofs;
  if (first === undefined) return [{ name: zone, type: 'NSEC', tags: [], fault: 'no-proof', expiresAt: null }];
  const typeName = first.type === Type.NSEC ? 'NSEC' : 'NSEC3';
  const seen = proofs
    .slice(0, MAX_PROOFS)
    .map((one) => written(entry, typeName, one, verifySet(one, signer, bench), bench));
  return [seen.find(({ fault }) => fault !== null) ?? (seen[0] as SignedSet)];
}

/** An alias that is made from a DNAME record carries no signature: the record does (RFC 6672 5.3.1). */
function answerAt(sets: readonly RRset[], name: Buffer, type: number): RRset | undefined {
  const own = (wanted: number) => sets.find((one) => one.type === wanted && one.owner.equals(name));
  const above = sets.find((one) => one.type === Type.DNAME && isWithin(name, one.owner));
  return own(type) ?? above ?? own(Type.CNAME);
}

function written(name: ZoneName, type: string, set: RRset, verified: Verified, bench: Bench): SignedSet {
  const until = verified.ok ? verified.expiresAt : verified.expiredAt;
  return {
    name,
    type,
    tags: tagsOf(set.signatures.map(({ tag }) => tag)),
    fault: verified.ok ? null : verified.fault,
    expiresAt: until === null ? null : new Date(absolute(until, bench.nowSeconds) * 1000).toISOString(),
  };
}

function dataAt(records: readonly DnsRecord[], zone: ZoneName, type: number): readonly Buffer[] {
  return rrsetsOf(records).find((one) => one.type === type && one.owner.equals(octets(zone)))?.data ?? [];
}

function childSigners(reply: DnsReply, zone: ZoneName, keys: readonly Dnskey[]): SignedServerEvidence['cds'] {
  const all = dataAt(reply.answers, zone, Type.CDS).flatMap((data) => readDs(data) ?? []);
  return signersNamed(all, zone, keys);
}

/** RFC 7344 3.2: in form a DNSKEY record, told apart by the whole of it. */
function childKeys(reply: DnsReply, zone: ZoneName, keys: readonly Dnskey[]): SignedServerEvidence['cdnskey'] {
  const all = dataAt(reply.answers, zone, Type.CDNSKEY).filter((data) => data.length >= 5);
  return all.slice(0, MAX_TAGS).map((data) => ({
    tag: keyTag(data),
    algorithm: data.readUInt8(3),
    hasKey: keys.some((key) => key.data.equals(data)),
  }));
}

function tagsOf(tags: readonly number[]): number[] {
  return [...new Set(tags)].toSorted((a, b) => a - b).slice(0, MAX_TAGS);
}

function octets(name: ZoneName): Buffer {
  return nameOctets(name) ?? Buffer.from([0]);
}
