// Owns the check that every name server of the zone takes what it does not know as RFC 8906 asks, EDNS and sizes apart.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import type { Step } from '../../../src/model/finding.ts';
import { NOT_TRIED, sights, triedServers } from '../conformance/found.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { ednsRows } from './name-server-edns.ts';

const change: Step = {
  kind: 'change',
  text: ['Update the server, or the balancer or firewall that answers in its place.'],
};

export const nameServerNonconformant: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-nonconformant',
  needs: ['dns'],
  severity: 'notice',
  title: 'A name server does not take what it does not know',
  soWhat: 'Resolvers work round it at the cost of time, until one comes that does not.',
  nowWhat: [change],
  sources: ['RFC 8906 8', 'RFC 3597 3', 'RFC 7766 6.2.1', 'RFC 7873 5.2'],
  judge({ dns }) {
    const tried = triedServers(dns);
    const rows = (all: (typeof tried)[number]['rows']) =>
      all.filter(({ row, says }) => !ednsRows.includes(row) && !(row === 'large' && says.startsWith('it is lost')));
    if (tried.every((one) => rows(one.rows).length === 0)) return NOT_TRIED;
    const broken = tried.flatMap(({ placed, rows: all }) => {
      const faults = rows(all).filter(({ outcome }) => outcome === 'breaks');
      return faults.length === 0 ? [] : [{ placed, rows: faults }];
    });
    return foundOrPass(sights(dns, broken, () => 'notice', change));
  },
};
