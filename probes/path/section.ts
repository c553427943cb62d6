// Owns the blocks in which the path record is shown. No formatting: each report renders blocks its own way.
import type { Block, Cell, Section } from '../../src/contract/section.ts';
import type { IpAddress, WireText } from '../../src/model/text.ts';
import { mtuOf } from './derive.ts';
import type { EndpointPath, FlowRecord, PathEvidence, RouterRecord } from './evidence.ts';

/** Answers that a 95 % interval of these percentiles needs: src/stats/quantile.ts. */
const NEEDED = { p50: 6, p95: 72 } as const;

export function section({ byEndpoint, untraced, endpointsLeftOut, places }: PathEvidence): Section {
  const names = new Map(places.map(({ address, name, asName, operator }) => [address, name ?? asName ?? operator]));
  const blocks = byEndpoint.flatMap((path) => blocksOf(path, names));
  const left: readonly Block[] = untraced.map(({ endpoint, because }) => ({
    kind: 'unknown',
    because: `${endpoint}: ${because}.`,
  }));
  const others: readonly Block[] =
    endpointsLeftOut === 0
      ? []
      : [{ kind: 'unknown', because: `${endpointsLeftOut} more endpoints were not traced: one of each zone is.` }];
  return { title: 'Path', blocks: [...blocks, ...left, ...others] };
}

type Names = ReadonlyMap<IpAddress, Cell>;

function blocksOf(path: EndpointPath, names: Names): readonly Block[] {
  const { endpoint, zone, method, routers, flows } = path;
  return [
    {
      kind: 'facts',
      rows: [
        [zone ?? 'endpoint', endpoint],
        ['traced by', method],
        ...flows.map((flow, at): readonly [string, Cell] => [`flow ${at + 1}`, flowSaid(flow)]),
        ['path MTU, bytes', mtuOf(path)],
        ...fullSizeSaid(path),
        ...rewritten(routers),
      ],
    },
    {
      kind: 'table',
      columns: ['ttl', 'router', 'name', 'sent', 'lost', 'min ms', 'p50 ms', 'p95 ms'],
      rows: routers.flatMap((router) => rowsOf(router, names)),
    },
  ];
}

function fullSizeSaid({ fullSize }: EndpointPath): readonly (readonly [string, Cell])[] {
  if (fullSize === undefined) return [];
  const { packetBytes, delivered, hole } = fullSize;
  const said = hole === 'back' ? 'arrive, but answers of that size do not' : delivered ? 'arrive' : 'do not arrive';
  return [[`packets of ${packetBytes} bytes`, said]];
}

/** Where the SYN came with another maximum segment size than to the router before: something between changes it (a tunnel, a firewall). */
function rewritten(routers: readonly RouterRecord[]): readonly (readonly [string, Cell])[] {
  const told = routers.flatMap(({ ttl, quotedMssBytes }) => (quotedMssBytes === null ? [] : [{ ttl, quotedMssBytes }]));
  return told.flatMap(({ ttl, quotedMssBytes }, at) => {
    const before = told[at - 1]?.quotedMssBytes ?? quotedMssBytes;
    return before === quotedMssBytes ? [] : [[`MSS changed before TTL ${ttl}`, `${before} to ${quotedMssBytes} bytes`]];
  });
}

function flowSaid({ sourcePort, end, ttl, endedBy }: FlowRecord): string {
  const by = endedBy ?? 'nobody';
  const port = sourcePort === null ? '' : `source port ${sourcePort}: `;
  const said = {
    reached: `reached, ${ttl - 1} routers between`,
    refused: `reached, ${ttl - 1} routers between; the port is closed`,
    rejected: `rejected by ${by}`,
    silent: `ends after ${by}`,
    loop: `goes in a circle at ${by}`,
    ttl: `longer than ${ttl} routers`,
    cut: `not finished: ${ttl} routers so far`,
  };
  return `${port}${said[end]}`;
}

/** A line for each address of several ways. */
function rowsOf(router: RouterRecord, names: Names): readonly (readonly Cell[])[] {
  const { ttl, addresses, sent, received, latencyMs } = router;
  const [first, ...rest] = addresses;
  const figures = [
    ...[sent, sent - received, latencyMs?.min ?? null],
    received >= NEEDED.p50 ? (latencyMs?.p50 ?? null) : null,
    received >= NEEDED.p95 ? (latencyMs?.p95 ?? null) : null,
  ];
  const nameOf = (address: IpAddress | undefined): Cell =>
    address === undefined ? null : ((names.get(address) as WireText | string | null | undefined) ?? null);
  return [
    [ttl, first ?? '*', nameOf(first), ...figures],
    ...rest.map((address): readonly Cell[] => [null, address, nameOf(address), null, null, null, null, null]),
  ];
}
