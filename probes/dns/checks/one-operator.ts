// Owns the check that one operator's failure does not take the whole zone, where its servers have no second leg either.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { placedZones } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import { hostingOf } from '../hosting.ts';
import type { DnsPolicy } from '../options.ts';

export const oneOperator: Check<DnsFacts, DnsPolicy> = {
  id: 'one-operator',
  needs: ['dns'],
  severity: 'notice',
  title: 'One operator runs all name servers of the zone, under one top-level domain or in one network',
  soWhat:
    'A failure of that operator, or of the one domain its servers are named in, takes the name; nobody else can answer.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Where that matters, serve the zone from a second operator too, and keep both in step.'],
    },
  ],
  sources: ['RFC 2182 3.1', 'RFC 9199 3.2'],
  judge({ dns }) {
    const zones = placedZones(dns).map((placed) => ({ ...placed, hosting: hostingOf(placed.zone) }));
    const named = zones.filter(({ zone }) => zone.nameservers.length > 0);
    if (named.length === 0) return { outcome: 'not-judged', because: 'the name servers of the zone are not known' };
    const told = named.filter(({ hosting }) => hosting.unknownNames === 0 || hosting.operators.length > 1);
    if (told.length === 0) return { outcome: 'not-applicable', because: 'the names do not tell who runs the servers' };
    return foundOrPass(
      told
        .filter(({ hosting }) => hosting.operators.length === 1)
        .filter(({ hosting }) => hosting.topLevelDomains.length === 1 || hosting.isOneNetwork)
        .map(({ zone, at, hosting }) => {
          const network = hosting.isOneNetwork ? [`in ${hosting.networks.join(' and ')}`] : [];
          const domain = hosting.topLevelDomains.length === 1 ? [`named under .${hosting.topLevelDomains[0]}`] : [];
          const where = [...domain, ...network].join(' and ');
          const what = ['All name servers of ', zone.zone, ` are ${hosting.operators[0]}'s, ${where}.`];
          return { what, evidence: [at] as const };
        }),
    );
  },
};
