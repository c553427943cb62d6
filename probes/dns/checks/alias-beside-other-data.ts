// Owns the check that an alias stands alone: no other data may have its name.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { sameText } from '../../../src/model/text.ts';
import { dig, type PlacedServer, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { AliasOwnerEvidence } from '../evidence-safety.ts';
import type { DnsPolicy } from '../options.ts';
import { NOT_LOOKED } from '../safety-words.ts';

export const aliasBesideOtherData: Check<DnsFacts, DnsPolicy> = {
  id: 'alias-beside-other-data',
  needs: ['dns'],
  severity: 'warning',
  title: 'The alias stands beside other records of the same name',
  soWhat:
    'What a client gets depends on what its resolver happened to be asked first: mail, name servers or addresses get lost.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Take the CNAME record out, or everything beside it; at the apex of a zone use addresses or an ALIAS of the provider.',
      ],
    },
  ],
  sources: ['RFC 1034 3.6.2', 'RFC 2181 10.1'],
  judge({ dns }) {
    const owners = dns.safety?.aliasOwners;
    if (dns.aliases.length === 0 && !servers(dns).some(isBoth)) {
      return { outcome: 'not-applicable', because: 'the name is no alias' };
    }
    if (owners === undefined) return NOT_LOOKED;
    const asked = owners.length > 0 || servers(dns).some(({ server }) => server.answers.length > 0);
    if (!asked) return { outcome: 'not-judged', because: 'no server of the alias’s zone answered' };
    return foundOrPass([
      ...servers(dns)
        .filter(isBoth)
        .map((one) => seenAddress(dns, one)),
      ...owners.flatMap((owner, index) =>
        owner.delegated || owner.beside.length > 0 ? [seenOther(dns, owner, index)] : [],
      ),
    ]);
  },
};

function servers(dns: DnsEvidence): readonly PlacedServer[] {
  return placedZones(dns).flatMap((zone) => zone.servers);
}

/** Some name that is an alias and has an address, in the answers of one server. */
function isBoth({ server: { answers } }: PlacedServer): boolean {
  return answers.some(
    ({ type, name }) =>
      type === 'CNAME' &&
      answers.some((other) => (other.type === 'A' || other.type === 'AAAA') && sameText(other.name, name)),
  );
}

function seenAddress(dns: DnsEvidence, { nameserver, server, at }: PlacedServer): Seen {
  const alias = server.answers.find(({ type }) => type === 'CNAME');
  const name = alias?.name ?? dns.name;
  return {
    what: ['Name server ', nameserver.name, ` (${server.address}) gives `, name, ' an alias and an address.'],
    nowWhat: [dig(server.address, dns.authorityPort, '+norecurse', name, 'A'), ...aliasBesideOtherData.nowWhat],
    evidence: [at],
  };
}

function seenOther(dns: DnsEvidence, owner: AliasOwnerEvidence, index: number): Seen {
  const { name, server, address, delegated, beside } = owner;
  const other = delegated
    ? ' refers elsewhere for the name: the alias stands at the apex of a zone'
    : ` has ${beside.join(' and ')} records of the name too`;
  return {
    what: [`${name} is an alias, but name server `, server, ` (${address})${other}.`],
    nowWhat: [dig(address, dns.authorityPort, '+norecurse', name, beside[0] ?? 'NS'), ...aliasBesideOtherData.nowWhat],
    evidence: [pointer('evidence', 'dns', 'safety', 'aliasOwners', index)],
  };
}
