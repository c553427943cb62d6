// `-v` is a matter of the report, except for tables that take questions of their own: those are asked for beforehand.
import { expect, test } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import type { Journey } from '../../src/model/journey.ts';
import { runCli } from '../support/cli.ts';

test.each([
  ['without -v', [], ['CAA', 'HTTPS']],
  ['with -v', ['-v'], ['CAA', 'HTTPS', 'MX', 'TXT']],
])('MX and TXT of the name %s', async (_, flags, types) => {
  const { out } = await runCli(['demo', '--only', 'dns', '-f', 'json', ...flags]);
  const dns = (JSON.parse(out) as Journey).evidence['dns'] as unknown as DnsEvidence;
  const tellers = [
    ...(dns.delegation.at(-1)?.nameservers ?? []).flatMap(({ byAddress }) => byAddress),
    ...(dns.resolvers ?? []),
  ];
  expect(tellers.length).toBeGreaterThan(2);
  for (const { recordSets = [] } of tellers)
    expect([...new Set(recordSets.map(({ type }) => type))].toSorted()).toEqual(types);
});
