import { describe, expect, test } from 'vitest';
import { probes } from '../../../probes/index.ts';
import { sectionsOf } from '../../expect/sections.ts';
import { UsageError } from '../../model/usage-error.ts';
import { readExpectations, writeExpectations } from '../expectations.ts';

const sections = await sectionsOf(probes);
const read = (text: string) => readExpectations(text, 'kms.yaml', sections);

const CONTRACT = {
  endpoints: { zones: ['a', 'b'] },
  latency: { wait: { a: 8.6, b: 14 }, connect: 2 },
  dns: { ttlSeconds: { atLeast: 30, atMost: 60 }, addresses: { a: ['192.0.2.1'], b: ['192.0.2.0/24'] } },
  tls: { issuer: 'CN=x: y # z, O="q"', names: ['*.kms.example'] },
};

test('what is written is read back, with a comment to each section and line', async () => {
  const text = await writeExpectations(CONTRACT, sections, ['Hello', 'evil\u001b[31m\nline']);
  expect(await read(text)).toEqual(CONTRACT);
  expect(text).toMatch(/^# Hello\n# evil\\x1b\[31m\\x0aline\n/);
  expect(text).toContain('\n  # Issuer of the certificate: several may be listed\n');
  expect(text.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(2 + Object.keys(CONTRACT).length);
});

describe('a file that is refused', () => {
  test.each([
    [
      'dns:\n  nameServer: [a]\n',
      'kms.yaml:2: dns has no expectation called "nameServer"',
      'did you mean "nameServers"?',
    ],
    [
      '# x\nbalancr: { issuer: a }\n',
      'kms.yaml:2: there is no section of expectations called "balancr"',
      'did you mean "balancer"?',
    ],
    ['dns:\n  ttlSeconds: soon\n', 'kms.yaml:2: dns.ttlSeconds wants a number', 'Lifetime'],
    ['dns:\n  ttlSeconds: { atLeast: 9, atMost: 3 }\n', 'kms.yaml:2: dns.ttlSeconds has atLeast above atMost', ''],
    ['latency:\n  wait:\n    a: 3\n    b: fast\n', 'kms.yaml:4: latency.wait wants a number', 'First byte'],
    ['tls:\n  issuer: []\n', 'kms.yaml:2: tls.issuer wants a text', ''],
    ['tls:\n  names: [{ a: 1 }]\n', 'kms.yaml:2: tls.names wants a text', ''],
    ['tls: [issuer]\n', 'kms.yaml:1: tls is a mapping', ''],
    ['schema: expectations/9\ntls: { issuer: a }\n', 'kms.yaml:1: this program reads expectations/1', 'probe learn'],
    ['- a\n', 'kms.yaml: expectations are a mapping', ''],
    ['', 'kms.yaml: expectations are a mapping', ''],
    ['schema: expectations/1\n', 'kms.yaml: nothing is expected', 'probe learn'],
    ['dns: {}\n', 'kms.yaml: nothing is expected', ''],
    ['tls:\n  issuer: a\n  issuer: b\n', 'kms.yaml:3: ', ''],
    ['__proto__: { a: 1 }\n', 'kms.yaml:1: there is no section', ''],
    ['tls: { __proto__: { a: 1 } }\n', 'kms.yaml:1: tls has no expectation', ''],
  ])('%j', async (text, words, remedy) => {
    const error: unknown = await read(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(words);
    expect((error as UsageError).remedy ?? '').toContain(remedy);
  });
});

test('every fact has an id of its own, a title and something to read', () => {
  const facts = sections.flatMap((section) =>
    section.facts.map((fact) => ({ ...fact, path: `${section.section}.${fact.key}` })),
  );
  expect(new Set(facts.map(({ path }) => path)).size).toBe(facts.length);
  expect(new Set(facts.map(({ drift }) => drift)).size).toBe(facts.length);
  for (const { drift, title, reading, soWhat } of facts) {
    expect(drift).toMatch(/^[a-z0-9-]+-drift$/);
    for (const words of [title, reading]) expect(words).not.toMatch(/\n|\.$/);
    expect(soWhat).toMatch(/\.$/);
  }
});
