// Owns the blocks in which the balancer record is shown. No formatting.
import type { Section } from '../../src/contract/section.ts';
import { ms, percent } from './derive.ts';
import type { BalancerEvidence, EndpointRecord, ReverseNameRecord } from './evidence.ts';

const counts = (record: Readonly<Record<string, number>>): string =>
  Object.entries(record)
    .map(([name, n]) => `${name} x${n}`)
    .join(', ');

/** Those that were cut have a column of their own: they are no failures. */
function failuresOf({ failures }: EndpointRecord): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(failures).filter(([code]) => code !== 'cancelled'));
}

/** Of what journeys of 0.1.0 did not look at. */
function since({ stickiness, shields, growth, spread }: BalancerEvidence): readonly (readonly [string, string])[] {
  if (stickiness === undefined) return [];
  const times = growth?.earlier.map(({ addresses, startedAt }) => `${addresses} on ${startedAt.slice(0, 10)}`) ?? [];
  const apart = Object.entries({ connect: spread?.connectMs ?? null, wait: spread?.waitMs ?? null });
  const told = apart.flatMap(([phase, gap]) => (gap === null ? [] : [`${phase} ${ms(gap)}`]));
  return [
    ['stickiness', stickiness.says],
    ['shield', shields === undefined || shields.length === 0 ? 'none shows itself' : shields.join(', ')],
    ...(growth == null ? [] : [['addresses in DNS', [`${growth.addresses} now`, ...times].join(', ')] as const]),
    ...(told.length === 0 ? [] : [['between the medians of endpoints', told.join(', ')] as const]),
  ];
}

function connections({ byEndpoint }: BalancerEvidence): Section['blocks'] {
  const known = byEndpoint.flatMap(({ endpoint, zone, share, tcp, alpn = [], cookies = [] }) =>
    tcp === undefined ? [] : [{ endpoint, zone, share, tcp, alpn, cookies }],
  );
  if (known.length === 0) return [];
  return [
    {
      kind: 'table',
      columns: ['zone', 'endpoint', 'callers', 'connected', 'SYN resent', 'rtt p50 ms', 'segments', 'ALPN', 'cookies'],
      rows: known.map(({ endpoint, zone, share, tcp, alpn, cookies }) => [
        ...[zone, endpoint, share == null ? null : percent(share.share), tcp.connected, tcp.resent, tcp.rttP50Ms],
        tcp.segments.map(({ bytes }) => bytes).join(', '),
        alpn.map((one) => one ?? 'none').join(', '),
        cookies.length,
      ]),
    },
  ];
}

function kept({ byEndpoint }: BalancerEvidence): Section['blocks'] {
  const rows = byEndpoint.flatMap(({ zone, endpoint, persistence }) =>
    persistence == null ? [] : [[zone, endpoint, persistence.answers, persistence.closing, persistence.keepAlive]],
  );
  const columns = ['zone', 'endpoint', 'answers in HTTP/1', 'that close the connection', 'Keep-Alive'];
  return rows.length === 0 ? [] : [{ kind: 'table', columns, rows }];
}

function onOneConnection({ reuse = [] }: BalancerEvidence): Section['blocks'] {
  if (reuse.length === 0) return [];
  return [
    {
      kind: 'table',
      columns: ['on one connection', 'requests', 'answered', 'hosts', 'one host by accident', 'connection'],
      rows: reuse.map(({ endpoint, requests, answered, hosts, chance, end, problem }) => [
        ...[endpoint, requests, answered, hosts, chance === null ? null : percent(chance)],
        problem === null ? (end === 'open' ? 'stayed open' : end) : problem,
      ]),
    },
  ];
}

function refused({ intrusive }: BalancerEvidence): Section['blocks'] {
  if (intrusive === undefined) return [];
  const { trials, idle } = intrusive;
  return [
    {
      kind: 'table',
      columns: ['request that breaks the rules', 'endpoint', 'status', 'page of', 'server', 'connection'],
      rows: trials.map(({ trial, endpoint, status, by, server, end, problem }) => [
        ...[trial, endpoint, status === 0 ? 'no status line' : status, by, server],
        problem === null ? (end === 'open' ? 'stayed open' : end) : problem,
      ]),
    },
    {
      kind: 'table',
      columns: ['idle connection', 'answered in', 'Connection', 'Keep-Alive', 'closed after'],
      rows: idle.map(({ endpoint, version, connection, keepAlive, heldMs, closedAfterMs }) => [
        ...[endpoint, version, connection, keepAlive],
        closedAfterMs === null ? `not within ${ms(heldMs)}` : ms(closedAfterMs),
      ]),
    },
  ];
}

/** How zones are known that nobody but the names of the addresses tells. */
function hinted({ reverseNames = [] }: BalancerEvidence): Section['blocks'] {
  const used = reverseNames.filter((one) => one.used);
  if (used.length === 0) return [];
  const told = used.map(({ address, zone }) => `${zone ?? ''} ${address}`).join(', ');
  const hint = 'whoever owns an address writes its name: a hint, no proof; `--zone` says it for sure';
  return [{ kind: 'facts', rows: [['zones by the names of addresses', `${told} (${hint})`]] }];
}

/** What a name is taken for stands before it: the name itself is a stranger's text. */
function carried({ reverseNames = [] }: BalancerEvidence): Section['blocks'] {
  const rows = reverseNames.map(
    ({ address, name, ...said }) => [`name of ${address} (${saying(said)})`, name] as const,
  );
  return rows.length === 0 ? [] : [{ kind: 'facts', rows }];
}

function saying({ confirmed, zone, region, place, operator }: Omit<ReverseNameRecord, 'address' | 'name'>): string {
  if (confirmed === false) return 'not used: it does not lead back to the address';
  const words = Object.entries({ zone, region, place }).flatMap(([what, code]) =>
    code === null ? [] : [`${what} ${code}`],
  );
  if (words.length === 0)
    return confirmed === true ? 'tells no zone' : 'tells no place, or nobody answered where it leads';
  return [...words, ...(operator === null ? [] : [`by the form of ${operator}`])].join(', ');
}

function byAddress({ byEndpoint }: BalancerEvidence): Section['blocks'][number] {
  return {
    kind: 'table',
    columns: [
      'zone',
      'endpoint',
      'answered',
      'of',
      'statuses',
      'failures',
      'cut',
      'server',
      'wait p50 ms',
      'total p50 ms',
    ],
    rows: byEndpoint.map((record) => [
      record.zone,
      record.endpoint,
      ...[
        record.ok,
        record.attempts,
        counts(record.statuses),
        counts(failuresOf(record)),
        record.cut ?? 0,
        record.server,
      ],
      ...[record.waitP50Ms, record.totalP50Ms],
    ]),
  };
}

export function section(evidence: BalancerEvidence): Section {
  const { signals, layer, layerBecause, scope, product, scopeBecause } = evidence;
  const brief = hinted(evidence);
  return {
    title: 'Balancer',
    ...(brief.length === 0 ? {} : { brief }),
    blocks: [
      {
        kind: 'facts',
        rows: [
          ['layer', layer ?? `cannot be told${layerBecause == null ? '' : `: ${layerBecause}`}`],
          ['scope', scope === null ? 'cannot be told' : `${scope}${scopeBecause == null ? '' : `: ${scopeBecause}`}`],
          ['product', product ?? 'cannot be told'],
          ...since(evidence),
        ],
      },
      byAddress(evidence),
      ...brief,
      ...connections(evidence),
      ...kept(evidence),
      ...onOneConnection(evidence),
      ...refused(evidence),
      ...carried(evidence),
      signals.length === 0
        ? { kind: 'unknown', because: 'No header, cookie, name or certificate gave a balancer away.' }
        : {
            kind: 'table',
            columns: ['signal', 'says', 'layer', 'product', 'weight', 'endpoints'],
            rows: signals.map(({ signal, says, layer: of, product: name, weight, endpoints }) => [
              ...[signal, says, of, name, weight, endpoints.length],
            ]),
          },
    ],
  };
}
