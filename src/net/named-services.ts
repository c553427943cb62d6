// Owns asking DNS for targets, as Prometheus' dns_sd does: SRV records, or addresses with a port given. Keeps nothing between two questions.
import type { DnsClient, DnsReply, DnsServer } from '../contract/net.ts';
import { type Problem, problemCatalogue } from '../model/problem.ts';
import { type DnsName, visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { openDnsClient } from './dns/client.ts';
import { rcodeProblem } from './dns/lookup.ts';
import { readService } from './dns/service.ts';
import { systemResolvers } from './dns/system.ts';
import { createMeter } from './meter.ts';

export interface NamedService {
  readonly name: DnsName;
  readonly type: 'SRV' | 'A' | 'AAAA';
  /** Of addresses; null: that of the SRV record. */
  readonly port: number | null;
  /** Null: the target is `host:port`, as Prometheus has it. */
  readonly scheme: 'https' | 'http' | null;
  /** Begins with a slash, or is empty. */
  readonly path: string;
  /** Asked in their order; null: those of the system. */
  readonly resolvers: readonly DnsServer[] | null;
  /** Who resolvers over TLS and HTTPS must be certified by; null: the roots that ship with Node. */
  readonly caPem: readonly string[] | null;
}

/** One question to one server, with what is sent again within it, ms. */
const QUESTION_MS = 3000;

interface Group {
  readonly targets: readonly [string];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * @returns groups as http_sd has them, in an order of their own: that of the answer changes from one to the next
 * @throws UsageError where no resolver answers; that a name does not exist is an answer
 */
export async function lookUpTargets(service: NamedService, signal: AbortSignal): Promise<string> {
  const resolvers = service.resolvers ?? (await systemResolvers());
  const families = [4, 6] as const;
  const client = openDnsClient({
    ...{ resolvers, families, timeoutMs: QUESTION_MS, meter: createMeter(), caPem: service.caPem },
  });
  try {
    const reply = await answerOf(service, client, signal);
    const byTarget = new Map(groupsOf(service, reply).map((group) => [group.targets[0], group]));
    return JSON.stringify([...byTarget].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group));
  } finally {
    await client.close();
  }
}

async function answerOf({ name, type }: NamedService, client: DnsClient, signal: AbortSignal): Promise<DnsReply> {
  let because = 'no resolver to ask';
  for (const resolver of client.resolvers) {
    const asked = await client.query(resolver, { name, type, recursionDesired: true }, signal);
    if (asked.state === 'complete') {
      const trouble = rcodeProblem(asked.value);
      // A list that was cut short would let targets go that are there.
      const isCut = asked.value.truncated && asked.value.transport === 'udp';
      if (trouble === null && !isCut) return asked.value;
      because = trouble === null ? 'the answer was truncated, and TCP failed' : wordsOf(trouble);
    } else because = asked.state === 'failed' ? wordsOf(asked.problem) : 'no answer in time';
    if (signal.aborted) break;
  }
  throw new UsageError(`${name} ${type}: ${because}`);
}

function wordsOf({ code, detail }: Problem): string {
  return `${problemCatalogue[code].says}${detail === null ? '' : ` (${visible(detail)})`}`;
}

function groupsOf(service: NamedService, { answers }: DnsReply): readonly Group[] {
  const { name, type, port } = service;
  const meta = { __meta_dns_name: name };
  return answers.flatMap((record): Group[] => {
    if (type !== 'SRV')
      return record.type === type ? [{ targets: [targetAt(service, record.address, port ?? 443)], labels: meta }] : [];
    const found = readService(record);
    if (found === null) return [];
    const labels = {
      ...meta,
      __meta_dns_srv_record_target: found.host,
      __meta_dns_srv_record_port: String(found.port),
    };
    return [{ targets: [targetAt(service, found.host, found.port)], labels }];
  });
}

function targetAt({ scheme, path }: NamedService, host: string, port: number): string {
  return `${scheme === null ? '' : `${scheme}://`}${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
