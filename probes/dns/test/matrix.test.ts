import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Journey } from '../../../src/model/journey.ts';
import { wireText } from '../../../src/model/text.ts';
import { lineWidth } from '../../../src/report/text/run.ts';
import { briefLines, sectionLines } from '../../../src/report/text/sections.ts';
import { type DnsEvidence, dnsEvidenceSchema, type ServerEvidence } from '../evidence.ts';
import { type Matrix, matricesOf } from '../matrix.ts';
import { agreementBlocks } from '../matrix-table.ts';
import { section } from '../section.ts';

const folder = new URL('cases/', import.meta.url);
const read = (file: string): DnsEvidence =>
  dnsEvidenceSchema.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')).evidence);
const agree = read('records-agree.json');
const differ = read('records-differ.json');

/** `name column=cell ...` of each row. */
function rowsOf(matrix: Matrix | undefined): readonly string[] {
  return (matrix?.rows ?? []).map(({ name, cells }) => {
    const told = cells.flatMap((cell, index) => {
      if (cell === null) return [];
      const sign = { same: '=', differs: '≠', error: '!' }[cell.state];
      return [`${matrix?.columns[index]?.title}${sign}${cell.error ?? cell.mark}`];
    });
    return `${name}: ${told.join(' ')}`;
  });
}

/** The zone with other words of one of its servers. */
function withServer(dns: DnsEvidence, at: number, change: Partial<ServerEvidence>): DnsEvidence {
  return {
    ...dns,
    delegation: dns.delegation.map((zone) => ({
      ...zone,
      nameservers: zone.nameservers.map((one, index) =>
        index === at ? { ...one, byAddress: one.byAddress.map((server) => ({ ...server, ...change })) } : one,
      ),
    })),
  };
}

function withParent(dns: DnsEvidence, nameservers: readonly string[], glue: readonly object[] = []): DnsEvidence {
  const [zone] = dns.delegation;
  if (zone === undefined) throw new Error('the case has no zone');
  const parent = {
    zone: 'example',
    server: { name: 'a.nic.example', address: '192.0.2.53' },
    ...{ nameservers, ttlSeconds: 7200, glue, dsCount: 1 },
  };
  return dnsEvidenceSchema.parse({ ...dns, delegation: [{ ...zone, parent }] });
}

const server = (name: string, cells: string) => `${name}.kms.example: ${cells}`;
const ALL = 'A=A HTTPS=A CAA=A NS=A serial=A';

describe('who tells what', () => {
  test.each<[string, DnsEvidence, readonly string[]]>([
    [
      'all the same',
      agree,
      [
        server('ns1', ALL),
        server('ns2', ALL),
        'resolver 127.0.0.1#5300: A=A HTTPS=A CAA=A',
        'client in 193.0.6.0/24: A=A',
      ],
    ],
    [
      'one server behind: of two, the newer serial is taken for the zone',
      differ,
      [
        server('ns1', ALL),
        server('ns2', 'A=A HTTPS≠B CAA≠B NS=A serial≠B'),
        'resolver 127.0.0.1#5300: A=A HTTPS=A CAA=A',
        'resolver 127.0.0.2#5300: A=A HTTPS≠B CAA≠none',
        'client in 193.0.6.0/24: A=A',
      ],
    ],
    [
      'the first server behind, over the end of the serials (RFC 1982)',
      withServer(withServer(differ, 0, { serial: 4_294_967_290 }), 1, { serial: 3 }),
      [
        server('ns1', 'A=A HTTPS≠B CAA≠B NS=A serial≠B'),
        server('ns2', ALL),
        'resolver 127.0.0.1#5300: A=A HTTPS≠B CAA≠B',
        'resolver 127.0.0.2#5300: A=A HTTPS=A CAA≠none',
        'client in 193.0.6.0/24: A=A',
      ],
    ],
    [
      'a silent server',
      {
        ...withServer(agree, 1, {
          error: 'dns-timeout',
          serial: null,
          rcode: null,
          answers: [],
          recordSets: [],
          nsNames: [],
        }),
        resolvers: [],
      },
      [
        server('ns1', ALL.replace(' ', ' AAAA=none ')),
        server('ns2', 'A!dns-timeout AAAA!dns-timeout NS!dns-timeout serial!dns-timeout'),
        'client in 193.0.6.0/24: A=A',
      ],
    ],
    [
      'a server that this machine cannot ask says nothing',
      { ...withServer(agree, 1, { error: 'no-ipv6', serial: null, answers: [], recordSets: [] }), resolvers: [] },
      [server('ns1', ALL), server('ns2', ''), 'client in 193.0.6.0/24: A=A'],
    ],
    [
      'a parent that names another server',
      { ...withParent(agree, ['ns1.kms.example', 'ns3.kms.example']), resolvers: [], policy: undefined as never },
      ['parent example: NS≠B', server('ns1', ALL), server('ns2', ALL)],
    ],
    ['an old journey', read('healthy.json'), [server('ns1', 'A=A serial=A'), server('ns2', 'A=A serial=A')]],
  ])('%s', (_, dns, rows) => {
    expect(rowsOf(matricesOf(dns)[0])).toEqual(rows);
  });

  test('columns that nobody has are told and not shown', () => {
    expect(matricesOf(agree)[0]?.empty).toEqual(['AAAA', 'CNAME']);
  });

  test('answers that the zone chooses are no disagreement, and are told', () => {
    const weighted = { ...differ.policy, kind: 'weighted' } as NonNullable<DnsEvidence['policy']>;
    const ecs = [...weighted.ecs, { prefix: '199.212.0.0/24', scope: 24, addresses: ['192.0.2.9'] }];
    const dns = dnsEvidenceSchema.parse({ ...agree, policy: { ...weighted, ecs } });
    expect(matricesOf(dns)[0]?.columns.map(({ title, chosen }) => chosen && title)).toEqual([
      'A',
      'HTTPS',
      false,
      false,
      false,
    ]);
    expect(text(agreementBlocks(dns))).toEqual([
      'DNS agreement on kms.example: all 2 servers and 1 resolver agree on HTTPS, CAA, NS and serial; A chosen anew by the zone',
    ]);
  });

  test('each zone of an alias chain has a matrix of its own', () => {
    const dns = read('alias-to-another-zone.json');
    const [own, alias] = matricesOf(dns);
    expect([own?.zone, alias?.zone]).toEqual([dns.delegation.at(-1)?.zone, dns.aliasZones[0]?.zone]);
    expect(alias?.columns.map(({ title }) => title)).toContain('CNAME');
    expect(alias?.columns.map(({ title }) => title)).not.toContain('A');
  });
});

const text = (blocks: ReturnType<typeof agreementBlocks>, width = 200) =>
  briefLines({ title: '', blocks: [], brief: blocks }, width).map((line) =>
    line
      .map((one) => one.text)
      .join('')
      .trimEnd(),
  );

describe('shown', () => {
  test('one line when all agree, the matrix with the odd one out when not', () => {
    expect(text(agreementBlocks(agree))).toEqual([
      'DNS agreement on kms.example: all 2 servers and 1 resolver agree on A, HTTPS, CAA, NS and serial',
    ]);
    expect(text(agreementBlocks(differ))).toEqual([
      'who tells what of kms.example: = as most servers, ≠ something else, ! no answer',
      'asked                       A    HTTPS  CAA     NS   serial  node',
      '127.0.0.21 ns1.kms.example  = A  = A    = A     = A  = A     node-1',
      '127.0.0.22 ns2.kms.example  = A  ≠ B    ≠ B     = A  ≠ B     node-2',
      'resolver 127.0.0.1#5300     = A  = A    = A     –    –       –',
      'resolver 127.0.0.2#5300     = A  ≠ B    ≠ none  –    –       –',
      'client in 193.0.6.0/24      = A  –      –       –    –       –',
      'nobody has: AAAA and CNAME',
      'HTTPS A: 1 . alpn="h2,h3" ipv4hint=192.0.2.1; told by 127.0.0.21 ns1.kms.example (node node-1), resolver 127.0.0.1#5300',
      'HTTPS B: 1 . alpn="h2"; told by 127.0.0.22 ns2.kms.example (node node-2), resolver 127.0.0.2#5300',
      'CAA A: 0 issue "letsencrypt.org"; told by 127.0.0.21 ns1.kms.example (node node-1), resolver 127.0.0.1#5300',
      'CAA B: 0 issue "digicert.com"; told by 127.0.0.22 ns2.kms.example (node node-2)',
      'CAA none: no such record; told by resolver 127.0.0.2#5300',
      'serial A: 2026; told by 127.0.0.21 ns1.kms.example (node node-1)',
      'serial B: 2025; told by 127.0.0.22 ns2.kms.example (node node-2)',
      'odd one out: 127.0.0.22 ns2.kms.example (node node-2) in HTTPS, CAA and serial',
      'odd one out: resolver 127.0.0.2#5300 in HTTPS and CAA',
    ]);
  });

  test.each([
    ['127.0.0.21', '1 DS; 1 glue address, as the servers have them'],
    ['192.0.2.66', '1 DS; glue ≠ ns1.kms.example at 192.0.2.66'],
  ])('what only the parent says: glue %s', (address, says) => {
    const dns = withParent(differ, ['ns1.kms.example', 'ns2.kms.example'], [{ name: 'ns1.kms.example', address }]);
    expect(text(agreementBlocks(dns))).toContain(`parent example says: ${says}`);
    // A stray address is shown though all servers agree.
    const agreed = withParent(agree, ['ns1.kms.example', 'ns2.kms.example'], [{ name: 'ns1.kms.example', address }]);
    expect(text(agreementBlocks(agreed)).length > 1).toBe(says.includes('≠'));
  });

  test('nothing when there is nobody to agree with', () => {
    expect(agreementBlocks(read('single-server.json'))).toEqual([]);
  });

  test('at 80 columns every set of every row is there', () => {
    const lines = text(agreementBlocks(differ), 80);
    expect(lines.find((line) => line.startsWith('127.0.0.22'))).toMatch(/= A {2}≠ B {4}≠ B {5}= A {2}≠ B {5}node-2$/);
  });

  test('no width is too small, and no line too long', () => {
    for (let width = 40; width <= 200; width++) {
      const lines = [...briefLines(section(differ), width), ...sectionLines(section(differ), width)];
      expect(Math.max(...lines.map(lineWidth))).toBeLessThanOrEqual(width);
    }
  });

  test('control characters of a record and of a node’s name stay words', () => {
    const nsid = wireText('\u001b[31mnode');
    const lines = text(agreementBlocks(withServer(differ, 1, { nsid }))).join('\n');
    expect(lines).toContain('\\x1b[31mnode');
    expect(lines).not.toContain('\u001b');
  });
});

describe('whatever is missing', () => {
  const files = readdirSync(folder);
  test.each(files)('%s: as many cells as columns, each set told by somebody', (file) => {
    for (const { columns, rows } of matricesOf(read(file))) {
      expect(rows.every(({ cells }) => cells.length === columns.length)).toBe(true);
      for (const { sets } of columns) expect(sets.every((set) => set.rows.length > 0)).toBe(true);
    }
  });

  test('parts of the evidence may go, and nothing is told that nobody said', () => {
    const parts = ['recordSets', 'soa', 'nsNames', 'nsid', 'tcp', 'nsTtlSeconds'] as const;
    fc.assert(
      fc.property(fc.subarray([...parts]), fc.boolean(), fc.boolean(), (gone, noResolvers, noPolicy) => {
        const less = structuredClone(differ) as unknown as { delegation: { nameservers: { byAddress: object[] }[] }[] };
        for (const one of less.delegation[0]?.nameservers[1]?.byAddress ?? [])
          for (const part of gone) Reflect.deleteProperty(one, part);
        if (noResolvers) Reflect.deleteProperty(less, 'resolvers');
        if (noPolicy) Reflect.deleteProperty(less, 'policy');
        const full =
          rowsOf(matricesOf(differ)[0])
            .find((row) => row.startsWith('ns2'))
            ?.split(' ') ?? [];
        const left =
          rowsOf(matricesOf(dnsEvidenceSchema.parse(less))[0])
            .find((row) => row.startsWith('ns2'))
            ?.split(' ') ?? [];
        const columnsOf = (cells: readonly string[]) => cells.map((cell) => cell.replace(/[=≠!].*/, ''));
        expect(columnsOf(full)).toEqual(expect.arrayContaining(columnsOf(left)));
      }),
    );
  });
});

test('a resolver that passes compact denial on disagrees with nobody', () => {
  const dns = read('name-gone-compact.json');
  const states = (one: DnsEvidence) =>
    matricesOf(one).flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.map((cell) => cell?.state)));
  expect(dns.resolvers).toHaveLength(1);
  expect(states(dns)).not.toContain('differs');
  const odd = dns.resolvers?.map((one) => ({ ...one, addresses: ['192.0.2.1'] }));
  expect(states({ ...dns, resolvers: odd } as unknown as DnsEvidence)).toContain('differs');
});

test('a journey of before the matrix shows one all the same', () => {
  const path = new URL('../../../test/golden/old/0.1.0-dns.json', import.meta.url);
  const journey = JSON.parse(readFileSync(path, 'utf8')) as Journey;
  const [matrix] = matricesOf(dnsEvidenceSchema.parse(journey.evidence['dns']));
  expect(matrix?.rows.map(({ kind }) => kind)).toEqual(['parent', 'server', 'server', 'resolver']);
});
