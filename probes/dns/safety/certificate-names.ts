// Owns the names beside the name that its certificates depend on: the challenge of certificate authorities (RFC 8555 8.4), and
// what TLSA records say of the certificate (RFC 6698). Judges nothing.
import { createHash } from 'node:crypto';
import type { DnsRecord, DnsReply } from '../../../src/contract/net.ts';
import { type DnsName, dnsName, interpret, sameText } from '../../../src/model/text.ts';
import { askResolvers, type Context, ofType, type Told } from '../ask.ts';
import type { AssociationEvidence, ChallengeEvidence, TlsaEvidence } from '../evidence-safety.ts';
import { lookForOwner } from './missing.ts';

/** Links of the chain that are followed within one answer; resolvers give up after as many. */
const MAX_ALIASES = 11;
/** Records of one name that are kept. */
const MAX_ASSOCIATIONS = 16;
/** Longest hash that is registered: SHA-512. */
const MAX_HASH_BYTES = 64;

export async function lookAtChallenge(context: Context, name: DnsName): Promise<ChallengeEvidence | null> {
  const challenge = dnsName(`_acme-challenge.${name}`);
  if (challenge === null) return null;
  const told = await askResolvers(context, challenge, 'TXT');
  // A resolver that fails to follow an alias tells the alias itself.
  const alias = told.problem === null ? told : await askResolvers(context, challenge, 'CNAME');
  const target = alias.reply === null ? null : endOf(alias.reply, challenge);
  const seen = { name: challenge, target, problem: told.problem };
  if (target === null || told.reply?.rcode !== 'NXDOMAIN') return seen;
  return { ...seen, missing: await lookForOwner(context, target) };
}

function endOf({ answers }: DnsReply, from: DnsName): DnsName | null {
  let at = from;
  for (let links = 0; links < MAX_ALIASES; links++) {
    const alias = ofType(answers, 'CNAME').find((record) => sameText(record.name, at));
    const target = alias === undefined ? null : interpret(alias.target, dnsName);
    if (target === null) break;
    at = target;
  }
  return at === from ? null : at;
}

/** Of the name and of the end of its alias chain: RFC 7671 7 lets clients look at both. */
export async function lookForTlsa(context: Context, port: number, names: readonly DnsName[]): Promise<TlsaEvidence[]> {
  const bases = [...new Set(names)].flatMap((name) => dnsName(`_${port}._tcp.${name}`) ?? []);
  return Promise.all(bases.map(async (base) => tlsaOf(base, await askResolvers(context, base, 'TLSA'))));
}

function tlsaOf(name: DnsName, { reply, problem }: Told): TlsaEvidence {
  const rdata = (reply?.answers ?? []).flatMap((record) => tlsaData(record) ?? []);
  const read = rdata.slice(0, MAX_ASSOCIATIONS).map(readAssociation);
  const records = read.flatMap((one) => one ?? []);
  return {
    name,
    problem,
    authenticated: reply?.authenticated ?? null,
    records,
    malformed: read.length - records.length,
  };
}

function tlsaData(record: DnsRecord): Buffer | null {
  return record.type === 'other' && record.typeName === 'TLSA' ? Buffer.from(record.rdataHex, 'hex') : null;
}

/** RFC 6698 2.1; null when it is too short, or holds a hash of the wrong length (RFC 6698 2.1.3). */
function readAssociation(rdata: Buffer): AssociationEvidence | null {
  if (rdata.length < 4) return null;
  const [usage = 0, selector = 0, matching = 0] = rdata;
  const data = rdata.subarray(3);
  const length = { 1: 32, 2: 64 }[matching];
  if (length !== undefined && data.length !== length) return null;
  const kept = matching === 0 ? createHash('sha256').update(data).digest() : data.subarray(0, MAX_HASH_BYTES);
  return { usage, selector, matching, data: kept.toString('hex') };
}
