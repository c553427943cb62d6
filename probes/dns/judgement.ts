// Owns the list of checks and the answer: where the record is, and how long a change takes to be seen.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import { enumeration, type Phrase } from '../../src/model/finding.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import { acmeChallengeDangling } from './checks/acme-challenge-dangling.ts';
import { aliasBesideOtherData } from './checks/alias-beside-other-data.ts';
import { aliasChainLong } from './checks/alias-chain-long.ts';
import { aliasLoop } from './checks/alias-loop.ts';
import { aliasTargetUnregistered } from './checks/alias-target-unregistered.ts';
import { answerChanged } from './checks/answer-changed.ts';
import { answersDisagree } from './checks/answers-disagree.ts';
import { caaBindsIssuer } from './checks/caa-binds-issuer.ts';
import { caaForbidsIssuer } from './checks/caa-forbids-issuer.ts';
import { caaLookupFailure } from './checks/caa-lookup-failure.ts';
import { cdsDiffers } from './checks/cds-differs.ts';
import { danglingAlias } from './checks/dangling-alias.ts';
import { delegationSetOdd } from './checks/delegation-set-odd.ts';
import { dnssecBogus } from './checks/dnssec-bogus.ts';
import { dnssecServerDiffers } from './checks/dnssec-server-differs.ts';
import { dnssecShortKey } from './checks/dnssec-short-key.ts';
import { dnssecWeakAlgorithm } from './checks/dnssec-weak-algorithm.ts';
import { dsWithoutKey } from './checks/ds-without-key.ts';
import { glueMismatch } from './checks/glue-mismatch.ts';
import { httpsAlpnDisagrees } from './checks/https-alpn-disagrees.ts';
import { httpsRecordDisagrees } from './checks/https-record-disagrees.ts';
import { ipv6MissingAnswer } from './checks/ipv6-missing-answer.ts';
import { mailExchangeIsAlias } from './checks/mail-exchange-is-alias.ts';
import { nameDoesNotExist } from './checks/name-does-not-exist.ts';
import { nameServerAlias } from './checks/name-server-alias.ts';
import { nameServerCycle } from './checks/name-server-cycle.ts';
import { nameServerDomainGone } from './checks/name-server-domain-gone.ts';
import { nameServerEdns } from './checks/name-server-edns.ts';
import { nameServerLame } from './checks/name-server-lame.ts';
import { nameServerLargeAnswersLost } from './checks/name-server-large-answers-lost.ts';
import { nameServerNoTcp } from './checks/name-server-no-tcp.ts';
import { nameServerNonconformant } from './checks/name-server-nonconformant.ts';
import { nameServerSlow } from './checks/name-server-slow.ts';
import { nameServerUnroutable } from './checks/name-server-unroutable.ts';
import { nodesDisagree } from './checks/nodes-disagree.ts';
import { nsSetMismatch } from './checks/ns-set-mismatch.ts';
import { nsec3Iterations } from './checks/nsec3-iterations.ts';
import { oneAutonomousSystem } from './checks/one-autonomous-system.ts';
import { oneNetwork } from './checks/one-network.ts';
import { oneOperator } from './checks/one-operator.ts';
import { openRecursion } from './checks/open-recursion.ts';
import { parentsDisagree } from './checks/parents-disagree.ts';
import { privateAddressInPublicDns } from './checks/private-address-in-public-dns.ts';
import { recordsDisagree } from './checks/records-disagree.ts';
import { resolverCertificateExpiry } from './checks/resolver-certificate-expiry.ts';
import { resolverFailure } from './checks/resolver-failure.ts';
import { resolverRewritesNxdomain } from './checks/resolver-rewrites-nxdomain.ts';
import { resolverServesStale } from './checks/resolver-serves-stale.ts';
import { resolversDisagree } from './checks/resolvers-disagree.ts';
import { serialsDisagree } from './checks/serials-disagree.ts';
import { signatureExpiry } from './checks/signature-expiry.ts';
import { singleNameServer } from './checks/single-name-server.ts';
import { slowNegative } from './checks/slow-negative.ts';
import { slowProviderMove } from './checks/slow-provider-move.ts';
import { slowTrafficShift } from './checks/slow-traffic-shift.ts';
import { soaDisagrees } from './checks/soa-disagrees.ts';
import { soaTimersOdd } from './checks/soa-timers-odd.ts';
import { tlsaMismatch } from './checks/tlsa-mismatch.ts';
import { ttlDiffers } from './checks/ttl-differs.ts';
import { ttlInvalid } from './checks/ttl-invalid.ts';
import { ttlVeryShort } from './checks/ttl-very-short.ts';
import { zoneTransferOpen } from './checks/zone-transfer-open.ts';
import { nsLife } from './cut.ts';
import { isDeniedByZone, leafZone } from './derive.ts';
import type { DnsEvidence } from './evidence.ts';
import { clockTime, leversIn, safeCutOverMs } from './levers.ts';
import { networkFacts, standsIn } from './network-words.ts';
import type { DnsPolicy } from './options.ts';
import { overTime, overTimeFacts, overTimeWords } from './over-time.ts';
import { policyFacts, routingClause } from './policy-words.ts';
import { safetyFacts } from './safety-words.ts';
import { leadsTo, whoFacts } from './who.ts';

/** Name servers written out in the sentence. */
const SHOWN = 4;

export const judgement: Judgement<DnsEvidence, DnsPolicy> = {
  checks: [
    nameDoesNotExist,
    danglingAlias,
    aliasTargetUnregistered,
    aliasLoop,
    aliasChainLong,
    aliasBesideOtherData,
    resolverFailure,
    resolverCertificateExpiry,
    ipv6MissingAnswer,
    resolversDisagree,
    resolverServesStale,
    nameServerLame,
    nameServerCycle,
    nameServerDomainGone,
    nameServerAlias,
    nameServerUnroutable,
    answersDisagree,
    recordsDisagree,
    nodesDisagree,
    serialsDisagree,
    soaDisagrees,
    soaTimersOdd,
    slowTrafficShift,
    ttlDiffers,
    ttlVeryShort,
    ttlInvalid,
    slowNegative,
    singleNameServer,
    oneNetwork,
    oneAutonomousSystem,
    oneOperator,
    delegationSetOdd,
    privateAddressInPublicDns,
    caaLookupFailure,
    caaForbidsIssuer,
    caaBindsIssuer,
    httpsRecordDisagrees,
    httpsAlpnDisagrees,
    dnssecBogus,
    dnssecServerDiffers,
    signatureExpiry,
    dnssecWeakAlgorithm,
    dnssecShortKey,
    dsWithoutKey,
    cdsDiffers,
    nsec3Iterations,
    nsSetMismatch,
    parentsDisagree,
    glueMismatch,
    nameServerNoTcp,
    nameServerEdns,
    nameServerLargeAnswersLost,
    nameServerNonconformant,
    nameServerSlow,
    slowProviderMove,
    answerChanged,
    openRecursion,
    zoneTransferOpen,
    resolverRewritesNxdomain,
    acmeChallengeDangling,
    tlsaMismatch,
    mailExchangeIsAlias,
  ],
  answer(dns, given): Reply {
    const { policy, asOfMs } = given;
    if (dns === null) {
      return { summary: ['DNS was not asked for this target.'], confidence: 'not-visible', facts: {} };
    }
    return {
      summary: [
        ...where(dns),
        ...servedBy(dns),
        leadsTo(dns),
        standsIn(dns),
        ...routing(dns),
        ...history(dns, given),
        ...speed(dns),
        ...cutOver(dns, policy, asOfMs),
        ...move(dns),
      ],
      confidence: 'observed',
      facts: {
        ...factsOf(dns),
        ...whoFacts(dns),
        ...networkFacts(dns),
        ...shiftFacts(dns, asOfMs),
        ...policyFacts(dns),
        ...overTimeFacts(dns, given),
        ...safetyFacts(dns),
      },
    };
  },
};

function where(dns: DnsEvidence): Phrase {
  const { problem } = dns.lookup;
  if (problem !== null) {
    const { says } = problemCatalogue[isDeniedByZone(dns) ? 'nxdomain' : problem.code];
    return [dns.name, ' gives no address at resolver ', dns.resolver, `: ${says}`];
  }
  const addresses = dns.records.filter(({ type }) => type === 'A' || type === 'AAAA');
  const types = [...new Set(addresses.map((record) => record.type))].join(' and ');
  const ttl = Math.max(...addresses.map((record) => record.authoritativeTtlSeconds ?? record.ttlSeconds));
  const count = `${addresses.length} ${addresses.length === 1 ? 'address' : 'addresses'}, TTL ${ttl} s`;
  const alias = dns.aliases.length === 0 ? ' is ' : ` is an alias of ${dns.canonicalName}, `;
  return [dns.name, alias, `${types.startsWith('A') ? 'an' : 'a'} ${types} record set (${count})`];
}

function servedBy(dns: DnsEvidence): Phrase {
  const names = leafZone(dns)?.nameservers.map((nameserver) => nameserver.name) ?? [];
  if (names.length === 0) return ['; who serves it could not be seen'];
  const provider = dns.provider === null ? '' : ` (${dns.provider})`;
  return [dns.lookup.problem === null ? ' at ' : '; its zone is served by ', ...enumeration(names, SHOWN), provider];
}

function routing(dns: DnsEvidence): Phrase {
  const clause = dns.lookup.problem === null ? routingClause(dns) : null;
  return clause === null ? [] : [`; ${clause}`];
}

/** Only when an earlier journey was given. */
function history(dns: DnsEvidence, given: Parameters<typeof overTime>[1]): Phrase {
  const clause = dns.lookup.problem === null ? overTimeWords(overTime(dns, given)) : null;
  return clause === null ? [] : [`; ${clause}`];
}

function speed({ shift, negativeTtlSeconds, lookup }: DnsEvidence): Phrase {
  if (lookup.problem !== null) {
    const wait = negativeTtlSeconds === null ? '' : `; once repaired it is seen within ${negativeTtlSeconds} s`;
    return [`${wait}.`];
  }
  if (shift === null) return ['.'];
  if (shift.basis === 'resolver')
    return [`; a change is seen after ${shift.worstSeconds} s or more (only the cached TTL is known).`];
  return [`; a change is seen within ${shift.worstSeconds} s, typically ${shift.typicalSeconds} s.`];
}

/** When the TTL is over the policy: lowering it helps only once the old one has passed everywhere. */
function cutOver({ shift, lookup }: DnsEvidence, { shiftWarnSeconds }: DnsPolicy, asOfMs: number): Phrase {
  if (lookup.problem !== null || shift === null || shift.worstSeconds <= shiftWarnSeconds) return [];
  if (shift.basis === 'resolver') return [];
  const at = clockTime(safeCutOverMs(asOfMs, shift.worstSeconds), asOfMs);
  return [` Lower that TTL now and cut over safely from ${at}.`];
}

/** Told only when the parent's side is known: its list is usually the one that lives longer. */
function move(dns: DnsEvidence): Phrase {
  const leaf = leafZone(dns);
  const life = nsLife(leaf);
  return leaf?.parent === undefined || life === null ? [] : [` Other name servers are seen within ${life.seconds} s.`];
}

function shiftFacts(dns: DnsEvidence, asOfMs: number): Reply['facts'] {
  if (dns.shift === null) return {};
  return {
    levers: leversIn(dns).map((lever) => ({
      ...lever,
      safeCutOverAt: new Date(safeCutOverMs(asOfMs, lever.ttlSeconds)).toISOString(),
    })),
    newNameSeenAfterSeconds: dns.negativeTtlSeconds,
  };
}

function factsOf(dns: DnsEvidence): Reply['facts'] {
  return {
    name: dns.name,
    canonicalName: dns.canonicalName,
    zone: leafZone(dns)?.zone ?? null,
    provider: dns.provider,
    dnssec: dns.dnssec,
    nameservers: leafZone(dns)?.nameservers.map((nameserver) => nameserver.name) ?? [],
    worstSeconds: dns.shift?.worstSeconds ?? null,
    typicalSeconds: dns.shift?.typicalSeconds ?? null,
    limitedBy: dns.shift?.limitedBy ?? null,
    basis: dns.shift?.basis ?? null,
    negativeTtlSeconds: dns.negativeTtlSeconds,
    ...(leafZone(dns)?.parent === undefined ? {} : { nameServerMoveSeconds: nsLife(leafZone(dns))?.seconds ?? null }),
  };
}
