// Owns the check that every name server of the zone takes EDNS as RFC 6891 says, and what it does not know with it.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { Step } from '../../../src/model/finding.ts';
import { NOT_TRIED, sights, triedServers } from '../conformance/found.ts';
import type { Row, RowName } from '../conformance/row.ts';
import { dig, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const ednsRows: readonly RowName[] = ['plain', 'edns', 'edns-version', 'edns-option', 'edns-flag'];
/** What resolvers send every day: cookies are an option that a server need not know. */
const DAILY: ReadonlySet<RowName> = new Set(['edns-option', 'plain']);

const change: Step = {
  kind: 'change',
  text: ['Update the server, or the firewall before it that reads DNS: either must pass over what it does not know.'],
};

export const nameServerEdns: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-edns',
  needs: ['dns'],
  severity: 'notice',
  title: 'A name server breaks EDNS',
  soWhat:
    'Resolvers that send what it does not know get no answer or an error from it, and since 2019 they do not try without.',
  nowWhat: [change],
  sources: ['RFC 6891 6.1', 'RFC 8906 8.2', 'DNS flag day 2019'],
  judge({ dns }) {
    const tried = triedServers(dns);
    const deaf = deafToEdns(dns);
    if (tried.length === 0 && deaf.length === 0) return NOT_TRIED;
    const broken = tried.flatMap(({ placed, rows }) => {
      const faults = rows.filter(({ row, outcome }) => outcome === 'breaks' && ednsRows.includes(row));
      return faults.length === 0 ? [] : [{ placed, rows: faults }];
    });
    return foundOrPass([...deaf, ...sights(dns, broken, severityOf, change)]);
  },
};

function severityOf(rows: readonly Row[]): 'warning' | 'notice' {
  return rows.some(({ row, stops }) => stops && DAILY.has(row)) ? 'warning' : 'notice';
}

/** Silent to a question with EDNS, and not to one without. */
function deafToEdns(dns: DnsEvidence): readonly Seen[] {
  const servers = placedZones(dns)[0]?.servers ?? [];
  const zone = placedZones(dns)[0]?.zone.zone ?? dns.canonicalName;
  return servers
    .filter(({ server }) => server.plainReply?.from === null)
    .map(({ nameserver, server, at }) => ({
      severity: 'warning',
      what: [
        'Name server ',
        nameserver.name,
        ` (${server.address}): to EDNS it gives no answer, without EDNS it does.`,
      ],
      nowWhat: [
        dig(server.address, dns.authorityPort, '+norecurse', '+nocookie', zone, 'SOA'),
        dig(server.address, dns.authorityPort, '+norecurse', '+noedns', zone, 'SOA'),
        change,
      ],
      evidence: [at],
    }));
}
