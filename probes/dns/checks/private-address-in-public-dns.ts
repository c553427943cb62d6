// Owns the check that a name does not lead outside clients to addresses that only insiders can reach.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { type AddressScope, addressScope } from '../../../src/model/address-scope.ts';
import { pointer } from '../../../src/model/finding.ts';
import { ipAddress } from '../../../src/model/target.ts';
import { type IpAddress, interpret } from '../../../src/model/text.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

const words: Readonly<Record<Exclude<AddressScope, 'public'>, string>> = {
  private: 'a private network',
  loopback: 'the client itself',
  link: 'the client’s own link',
  documentation: 'nobody: a range for documentation',
  special: 'no host',
};

export const privateAddressInPublicDns: Check<DnsFacts, DnsPolicy> = {
  id: 'private-address-in-public-dns',
  needs: ['dns'],
  severity: 'notice',
  title: 'Some of the name’s addresses cannot be reached from outside',
  soWhat: 'Clients outside that network that pick such an address fail, or reach a machine of their own.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Give insiders their addresses in a view or zone of their own, and leave public ones in the public record.',
      ],
    },
  ],
  sources: ['RFC 1918 3', 'RFC 6598 4', 'RFC 4193 4.4', 'RFC 3927 2.11', 'RFC 6890'],
  judge({ dns }) {
    const addresses = dns.records.flatMap(({ type, data }, index) => {
      const address = type === 'CNAME' ? null : interpret(data, (raw): IpAddress | null => ipAddress(raw));
      return address === null
        ? []
        : [{ address, scope: addressScope(address), at: pointer('evidence', 'dns', 'records', index) }];
    });
    if (addresses.length === 0) return { outcome: 'not-judged', because: 'no address of the name is known' };
    if (!addresses.some(({ scope }) => scope === 'public')) {
      return {
        outcome: 'not-applicable',
        because: 'no address is public: this is a name for insiders, seen from inside',
      };
    }
    return foundOrPass(
      addresses.flatMap(({ address, scope, at }) =>
        scope === 'public'
          ? []
          : [
              {
                what: [
                  dns.canonicalName,
                  ` has the address ${address} beside public ones; it leads to ${words[scope]}.`,
                ],
                evidence: [at] as const,
              },
            ],
      ),
    );
  },
};
