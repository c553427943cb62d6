import { expect, test } from 'vitest';
import { readRootHints } from '../root-hints.ts';

test('the form of named.root is read', () => {
  const text = `; comment\n.  3600000  NS  A.ROOT-SERVERS.NET.
A.ROOT-SERVERS.NET. 3600000 A 198.41.0.4\nA.ROOT-SERVERS.NET. 3600000 IN AAAA 2001:503:ba3e::2:30 ; v6\r\n\nb.root A 127.0.0.2\n`;
  expect(readRootHints(text)).toEqual([
    { name: 'a.root-servers.net', address: '198.41.0.4' },
    { name: 'a.root-servers.net', address: '2001:503:ba3e::2:30' },
    { name: 'b.root', address: '127.0.0.2' },
  ]);
});

test.each([
  ['', /no address/],
  ['. NS a.root', /no address/],
  ['a.root A ::1', /line 1/],
  ['\na.root AAAA 127.0.0.1', /line 2/],
  ['a.root A 127.0.0.1 more', /line 1/],
  ['a.root TXT x', /line 1/],
  ['a..root A 127.0.0.1', /line 1/],
  ['x.root A 127.0.0.1\n'.repeat(65), /more than 64/],
])('%j is refused', (text, says) => {
  expect(() => readRootHints(text)).toThrow(says);
});
