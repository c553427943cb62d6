// Owns the check that mail is sent to names with addresses of their own.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digResolver } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { NOT_LOOKED } from '../safety-words.ts';

export const mailExchangeIsAlias: Check<DnsFacts, DnsPolicy> = {
  id: 'mail-exchange-is-alias',
  needs: ['dns'],
  severity: 'notice',
  title: 'Mail for the name goes to an alias',
  soWhat: 'Some senders refuse such an exchange, or send in a loop because the host does not know itself by that name.',
  nowWhat: [{ kind: 'change', text: ['Put the end of the alias chain into the MX record.'] }],
  sources: ['RFC 2181 10.3', 'RFC 5321 5.1'],
  judge({ dns }) {
    const exchanges = dns.safety?.mailExchanges;
    if (exchanges === undefined) return NOT_LOOKED;
    if (exchanges.length === 0) return { outcome: 'not-applicable', because: 'the name has no mail exchange' };
    return foundOrPass(
      exchanges.flatMap(({ exchange, target }, index) => {
        if (target === null) return [];
        return {
          what: ['Mail exchange ', exchange, ` of ${dns.name} is an alias of `, target, '.'],
          nowWhat: [digResolver(dns, exchange, 'CNAME'), ...mailExchangeIsAlias.nowWhat],
          evidence: [pointer('evidence', 'dns', 'safety', 'mailExchanges', index)] as const,
        };
      }),
    );
  },
};
