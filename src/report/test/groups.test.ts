// Findings told once: the same on many endpoints is one, worst first, with every place it stands at.
import { describe, expect, test } from 'vitest';
import { type Finding, pointer } from '../../model/finding.ts';
import type { EndpointId, IpAddress } from '../../model/text.ts';
import { groupFindings, placeText } from '../groups.ts';
import { journeyOf } from './fixture.ts';

const demo = journeyOf();
const [one, two, three] = demo.endpoints.map(({ id }) => id) as [EndpointId, EndpointId, EndpointId];

function finding(changes: Partial<Finding> = {}): Finding {
  return {
    id: 'a',
    severity: 'warning',
    probe: 'tls',
    endpoint: one,
    zone: null,
    what: 'It is so.',
    soWhat: 'It hurts.',
    nowWhat: 'change it',
    steps: [{ kind: 'change', text: 'Change it.' }],
    evidence: [pointer('hops', 0)],
    ...changes,
  };
}

/** A group in short: how many sights, and at how many places each. */
const shapeOf = (findings: readonly Finding[]) =>
  groupFindings(findings).map(({ id, severity, sights }) => [id, severity, sights.map(({ places }) => places.length)]);

test.each<[string, readonly Finding[], readonly unknown[]]>([
  ['nothing', [], []],
  ['one', [finding()], [['a', 'warning', [1]]]],
  ['the same at three endpoints', [one, two, three].map((endpoint) => finding({ endpoint })), [['a', 'warning', [3]]]],
  [
    'the same check, seen differently at two of three',
    [finding(), finding({ endpoint: two, what: 'It is 5.' }), finding({ endpoint: three })],
    [['a', 'warning', [2, 1]]],
  ],
  [
    'another reason is another finding',
    [finding(), finding({ endpoint: two, soWhat: 'It hurts more.' })],
    [
      ['a', 'warning', [1]],
      ['a', 'warning', [1]],
    ],
  ],
  [
    'another severity is another finding, the worst first',
    [finding({ severity: 'notice' }), finding(), finding({ severity: 'critical', endpoint: two })],
    [
      ['a', 'critical', [1]],
      ['a', 'warning', [1]],
      ['a', 'notice', [1]],
    ],
  ],
  [
    'the same name in two probes',
    [finding(), finding({ probe: 'dns' })],
    [
      ['a', 'warning', [1]],
      ['a', 'warning', [1]],
    ],
  ],
  [
    'equal severities stay in the order judged',
    ['c', 'a', 'b'].map((id) => finding({ id })),
    [
      ['c', 'warning', [1]],
      ['a', 'warning', [1]],
      ['b', 'warning', [1]],
    ],
  ],
  ['the target as a whole has no place', [finding({ endpoint: null })], [['a', 'warning', [0]]]],
  [
    'texts that would run together do not',
    [finding({ probe: 'x","y' }), finding({ probe: 'x' })],
    [
      ['a', 'warning', [1]],
      ['a', 'warning', [1]],
    ],
  ],
])('%s', (_, findings, shape) => {
  expect(shapeOf(findings)).toEqual(shape);
});

test('a group has the steps of its first finding, counts others, and points at all evidence', () => {
  const other = [{ kind: 'command', argv: ['probe', 'b'] }] as const;
  const [group] = groupFindings([
    finding({ evidence: [pointer('hops', 1)] }),
    finding({ endpoint: two, steps: other, evidence: [pointer('hops', 2), pointer('hops', 3)] }),
    finding({ endpoint: three }),
  ]);
  expect(group).toMatchObject({
    steps: [{ kind: 'change', text: 'Change it.' }],
    otherSteps: 1,
    evidence: ['/hops/1', '/hops/2', '/hops/3', '/hops/0'],
  });
});

describe('place', () => {
  const otherPort = demo.endpoints.map((endpoint, index) =>
    index === 0 ? { ...endpoint, port: 8443, id: '127.0.10.1:8443' as EndpointId } : endpoint,
  );
  const v6 = demo.endpoints.map((endpoint) => ({
    ...endpoint,
    address: '2001:db8::1' as IpAddress,
    family: 6 as const,
  }));

  test.each([
    ['zone and address', { zone: 'kms-az1', endpoint: one }, demo, 'kms-az1 127.0.10.1'],
    ['no zone', { zone: null, endpoint: one }, demo, '127.0.10.1'],
    ['zone alone', { zone: 'kms-az1', endpoint: null }, demo, 'kms-az1'],
    ['nowhere', { zone: null, endpoint: null }, demo, ''],
    ['the port where it differs', { zone: null, endpoint: two }, { ...demo, endpoints: otherPort }, '127.0.20.1:43111'],
    ['an endpoint that the journey does not list', { zone: 'z', endpoint: '192.0.2.9:1' }, demo, 'z 192.0.2.9:1'],
    ['IPv6', { zone: null, endpoint: one }, { ...demo, endpoints: v6 }, '2001:db8::1'],
  ])('%s', (_, place, journey, text) => {
    expect(placeText(place, journey)).toBe(text);
  });
});
