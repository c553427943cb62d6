// Owns asking the resolver for what else the name has: its HTTPS records, and the CAA records that hold for it. Judges nothing.
import type { DnsRecord, DnsReply } from '../../src/contract/net.ts';
import { problem } from '../../src/model/problem.ts';
import { type DnsName, dnsName, interpret, sameText, type WireText, wireText } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import { askResolvers, type Context, ofType } from './ask.ts';
import type { CaaEvidence, CaaSetEvidence, HttpsEvidence, HttpsLookupEvidence, RecordEvidence } from './evidence.ts';

/** Names of the climb that are asked for CAA; a service's name has three to six labels. */
const MAX_CLIMB = 12;
/** Resolvers give up after as many restarts. */
const MAX_ALIASES = 11;
/** Records of one type that are kept. */
const MAX_RECORDS = 32;
/** Names that HTTPS records lead to whose addresses are looked up. */
const MAX_TARGETS = 4;

export interface RecordSet {
  readonly rows: readonly RecordEvidence[];
  readonly caa?: CaaEvidence;
  readonly https?: HttpsEvidence[];
  readonly httpsLookup?: HttpsLookupEvidence;
}

/** Nothing more is asked of a name that has no address: nobody gets as far as its certificate. */
export async function askRecordSet(context: Context, lookup: Lookup): Promise<RecordSet> {
  if (lookup.problem !== null) return { rows: [] };
  const [caa, https] = await Promise.all([askCaa(context), askHttps(context)]);
  return {
    rows: [...https.rows, ...caa.rows],
    caa: caa.evidence,
    https: https.records,
    httpsLookup: https.lookup,
  };
}

interface AskedSet {
  readonly set: CaaSetEvidence;
  readonly rows: readonly RecordEvidence[];
}

/** The whole climb side by side: a failure above the first record set does not matter, and waiting for it costs nothing. */
async function askCaa(context: Context) {
  const climb = namesAbove(context.target.host as DnsName).slice(0, MAX_CLIMB);
  const asked = await Promise.all(climb.map((name) => askCaaAt(context, name)));
  const found = asked.find(({ set }) => set.records > 0);
  const evidence: CaaEvidence = {
    at: found?.set.name ?? null,
    issue: found?.set.issue ?? [],
    issuewild: found?.set.issuewild ?? [],
    critical: found?.set.critical ?? [],
    asked: asked.map(({ set }) => set),
  };
  return { evidence, rows: found?.rows ?? [] };
}

/** The name itself, then its parents; not the root (RFC 8659 3). */
function namesAbove(name: DnsName): readonly DnsName[] {
  const labels = name.split('.');
  return labels.flatMap((_, index) => dnsName(labels.slice(index).join('.')) ?? []);
}

async function askCaaAt(context: Context, name: DnsName): Promise<AskedSet> {
  const told = await askResolvers(context, name, 'CAA');
  const records = told.problem === null ? recordsOf(told.reply, name, 'CAA') : [];
  const read = ofType(records, 'CAA').map(({ caa }) => caa);
  const valuesOf = (tag: string) => read.filter((one) => sameText(one.tag, tag)).map((one) => one.value);
  const set: CaaSetEvidence = {
    name,
    problem: told.problem,
    records: records.length,
    malformed: records.length - read.length,
    issue: valuesOf('issue'),
    issuewild: valuesOf('issuewild'),
    critical: read.filter((one) => one.critical && !isKnownTag(one.tag)).map((one) => one.tag),
  };
  return { set, rows: rowsOf(records, name, 'CAA') };
}

/** https://www.iana.org/assignments/pkix-parameters, "Certification Authority Restriction Properties". */
const knownTags = ['issue', 'issuewild', 'iodef', 'contactemail', 'contactphone', 'issuevmc', 'issuemail'];

function isKnownTag(tag: WireText): boolean {
  return knownTags.some((known) => sameText(tag, known));
}

async function askHttps(context: Context) {
  const name = serviceName(context.target);
  const told = await askResolvers(context, name, 'HTTPS');
  const found = told.problem === null ? recordsOf(told.reply, name, 'HTTPS') : [];
  const records = ofType(found, 'HTTPS').map(
    ({ name: owner, ttlSeconds, svcb }): HttpsEvidence => ({
      name: owner,
      ttlSeconds,
      ...svcb,
      mandatory: [...svcb.mandatory],
      alpn: [...svcb.alpn],
      ipv4Hint: [...svcb.ipv4Hint],
      ipv6Hint: [...svcb.ipv6Hint],
      otherKeys: [...svcb.otherKeys],
    }),
  );
  const lookup: HttpsLookupEvidence = {
    name,
    problem: told.problem,
    malformed: found.length - records.length,
    targets: await Promise.all(targetsOf(records).map((target) => locate(context, target))),
  };
  return { records, lookup, rows: rowsOf(found, name, 'HTTPS') };
}

/** RFC 9460 9.1: other ports than the default are asked for by name; for http the record of https counts (9.5). */
export function serviceName(target: Context['target']): DnsName {
  const host = target.host as DnsName;
  return target.port === 443 || target.port === 80 ? host : (dnsName(`_${target.port}._https.${host}`) ?? host);
}

/** Each name once, but not the owner of the record that names it. */
function targetsOf(records: readonly HttpsEvidence[]): readonly HttpsEvidence[] {
  const others = records.filter(({ name, target }) => !sameText(target, '.') && !sameText(target, name));
  const distinct = others.filter(
    ({ target }, index) => others.findIndex((one) => sameText(one.target, target)) === index,
  );
  return distinct.slice(0, MAX_TARGETS);
}

async function locate(context: Context, { target, priority }: HttpsEvidence) {
  const host = interpret(target, dnsName);
  if (host === null) return { name: target, addresses: [], problem: problem('dns-malformed', 'gather') };
  const { addresses, problem: trouble } = await context.net.dns.lookup(host, context.signal);
  const missing = trouble?.code === 'nodata' && priority === 0 && (await leadsOn(context, host));
  return { name: target, addresses: addresses.map((one) => one.address), problem: missing ? null : trouble };
}

/** The target of an alias may have HTTPS records of its own instead of addresses (RFC 9460 2.4.2). */
async function leadsOn(context: Context, host: DnsName): Promise<boolean> {
  const told = await askResolvers(context, host, 'HTTPS');
  return told.problem === null && recordsOf(told.reply, host, 'HTTPS').length > 0;
}

/** The records of a type at the end of the aliases that begin at the name, broken ones included. */
export function recordsOf(reply: DnsReply, name: DnsName, type: 'CAA' | 'HTTPS' | 'MX' | 'TXT'): readonly DnsRecord[] {
  let at = wireText(name);
  for (let links = 0; links < MAX_ALIASES; links++) {
    const alias = ofType(reply.answers, 'CNAME').find((one) => sameText(one.name, at));
    if (alias === undefined) break;
    at = alias.target;
  }
  return reply.answers
    .filter((one) => sameText(one.name, at))
    .filter((one) => one.type === type || (one.type === 'malformed' && one.typeName === type))
    .slice(0, MAX_RECORDS);
}

/** Under the owner when that is a host name, else under the name that was asked. */
function rowsOf(records: readonly DnsRecord[], asked: DnsName, type: 'CAA' | 'HTTPS'): readonly RecordEvidence[] {
  return records.map((record) => ({
    name: interpret(record.name, dnsName) ?? asked,
    type,
    ttlSeconds: record.ttlSeconds,
    authoritativeTtlSeconds: null,
    data: dataOf(record),
  }));
}

/** RFC 3597 5 for those that cannot be read. */
function dataOf(record: DnsRecord): WireText {
  if (record.type === 'CAA' || record.type === 'HTTPS') return record.presentation;
  const hex = record.type === 'malformed' ? record.rdataHex : '';
  return wireText(`\\# ${hex.length / 2} ${hex}`.trimEnd());
}
