// The shift card as shown: a TTL that only the zone above can lower gets no hour from which lowering it helps.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type DnsEvidence, dnsEvidenceSchema } from '../evidence.ts';
import { section } from '../section.ts';

const file = new URL('cases/delegation-walked.json', import.meta.url);
const walked = dnsEvidenceSchema.parse(JSON.parse(readFileSync(file, 'utf8')).evidence);

/** The same, with another TTL of the NS records in the zone above; null: not known. */
function above(ttlSeconds: number | null): DnsEvidence {
  const delegation = walked.delegation.map(({ parent, ...zone }) => ({
    ...zone,
    ...(parent === undefined || ttlSeconds === null ? {} : { parent: { ...parent, ttlSeconds } }),
  }));
  return { ...walked, delegation };
}

test.each<[string, DnsEvidence, string | null, readonly string[]]>([
  ['as long above', above(3600), null, ['safe from', 'name servers']],
  ['longer above', above(172_800), null, ['safe from', 'name servers']],
  ['longer in the zone', above(1800), '1970-01-02 00:00:01Z', ['safe from']],
  ['not known above', above(null), '1970-01-02 00:00:01Z', ['safe from']],
])('TTL of the NS records %s', (_, dns, safeFrom, legend) => {
  const { blocks } = section(dns);
  const at = blocks.findIndex((block) => block.kind === 'table' && block.columns[0] === 'to change');
  const [card, words] = blocks.slice(at, at + 2);
  if (card?.kind !== 'table' || words?.kind !== 'facts') throw new Error('no shift card');
  expect(card.rows.map((row) => [row[0], row.at(-1)])).toEqual([
    ['addresses', '00:01:01Z'],
    ['name servers', safeFrom],
  ]);
  expect(words.rows.map(([name]) => name)).toEqual(legend);
});
