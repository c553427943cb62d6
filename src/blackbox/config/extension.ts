// Owns the block `outrider:` of a module: what blackbox_exporter's users wait for. It refuses a file with such a block, and so every key of
// ours stands in it, where nobody takes it for one of its own. Each mistake with its line.
import { isIP } from 'node:net';
import { isMap, isSeq } from 'yaml';
import type { DnsServer } from '../../contract/net.ts';
import { readPrefix } from '../../model/address-range-files.ts';
import { ipAddress } from '../../model/target.ts';
import { dnsName } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';
import { parseResolver } from '../../net/dns/server-text.ts';
import {
  type GoType,
  goBool,
  goInt,
  goMap,
  goSlice,
  goString,
  goStruct,
  type Read,
  type Reading,
  Refusal,
} from '../go/yaml.ts';
import { duration } from './duration.ts';

/** How many addresses must succeed. */
export type Quorum = 'all' | 'any' | number;

/** `all`, `any` or a number from 1; null for anything else. */
export function quorumOf(text: string): Quorum | null {
  if (text === 'all' || text === 'any') return text;
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null;
}

/** Something made of what was read. @param make @throws Refusal, which gets its line here */
function checked<From, To>(
  from: GoType<From>,
  zero: To,
  make: (given: From) => To,
  show: GoType<To>['show'],
): GoType<To> {
  return {
    name: from.name,
    zero,
    read(node, was, reading: Reading) {
      const before = reading.issues.length;
      const given = from.read(node, from.zero, reading);
      if (reading.issues.length > before) return was;
      try {
        return make(given);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        reading.issues.push(`line ${reading.lineOf(node)}: ${error.message}`);
        return was;
      }
    },
    show,
  };
}

const list = goSlice(goString);

/** One, or a list of them. */
const texts: GoType<readonly string[]> = {
  ...list,
  read: (node, was, reading) => (isSeq(node) ? list.read(node, was, reading) : [goString.read(node, '', reading)]),
};

const quorum: GoType<Quorum> = checked<string, Quorum>(
  goString,
  'all',
  (text) => {
    const read = quorumOf(text);
    if (read === null) throw new Refusal(`quorum: "${text}" is not all, any or a number from 1`);
    return read;
  },
  (value) => (value === 'all' ? undefined : value),
);

/** A resolver, and whether it is asked over TCP from the outset. */
export interface Resolver {
  /** As it was written. */
  readonly text: string;
  readonly server: DnsServer;
  readonly tcp: boolean;
}

const MOST_RESOLVERS = 8;

const resolvers: GoType<readonly Resolver[]> = checked<readonly string[], readonly Resolver[]>(
  texts,
  [],
  (given) => {
    if (given.length > MOST_RESOLVERS) throw new Refusal(`resolver: more than ${MOST_RESOLVERS} of them`);
    return given.map(resolverOf);
  },
  (value) => (value.length === 0 ? undefined : value.map(({ text }) => text)),
);

/** @throws Refusal */
function resolverOf(text: string): Resolver {
  const [, scheme = '', plain = ''] = /^(?:(tcp|udp):\/\/)?(.*)$/is.exec(text) ?? [];
  try {
    // host:port is how everybody writes an IPv4 server; IPv6 has brackets then.
    const server = parseResolver(plain.replace(/^(\d+\.\d+\.\d+\.\d+):(\d{1,5})$/, '$1#$2'));
    if (scheme === '' || server.transport === undefined) return { text, server, tcp: scheme.toLowerCase() === 'tcp' };
    throw new Refusal(`resolver: "${text}" has two schemes`);
  } catch (error) {
    if (error instanceof UsageError) throw new Refusal(`resolver: ${error.message}; ${error.remedy ?? ''}`);
    throw error;
  }
}

/** Zones by name, with addresses or networks that are theirs alone. */
const zones = checked(
  goMap(texts),
  new Map<string, readonly string[]>(),
  (given) => {
    for (const [zone, networks] of given) {
      if (zone === '' || zone.length > 100) throw new Refusal('zones: a zone needs a name of at most 100 characters');
      const wrong = networks.find((one) => ipAddress(one) === null && readPrefix(one) === null);
      if (wrong !== undefined)
        throw new Refusal(`zones: "${wrong}" is neither an address nor a network such as 192.0.2.0/24`);
    }
    return new Map(given);
  },
  (value) => (value.size === 0 ? undefined : Object.fromEntries(value)),
);

const addressText = checked<string, string>(
  goString,
  '',
  (text) => {
    if (text !== '' && isIP(text) === 0)
      throw new Refusal(`source_ip_address: "${text}" is not an address of this machine`);
    return text;
  },
  (value) => (value === '' ? undefined : value),
);

const MOST_NAMES = 1000;

/** Names at or under which the URL parameter `query_name` may ask; `.` is every name. Lower case, no final dot. */
const namesUnder = checked<readonly string[], readonly string[]>(
  texts,
  [],
  (given) => {
    if (given.length > MOST_NAMES) throw new Refusal(`query_names_under: more than ${MOST_NAMES} of them`);
    return given.map((text) => {
      const name = text === '.' ? '.' : dnsName(text);
      if (name === null)
        throw new Refusal(`query_names_under: "${text}" is not a domain name; "." stands for every name`);
      return name;
    });
  },
  (value) => (value.length === 0 ? undefined : value),
);

/** Attempts beyond the first. */
const MOST_REPEATS = 5;
const USUAL_PAUSE_MS = 500;

export interface Confirm {
  /** How often a failed probe is repeated before it is called failed; 0: never. */
  readonly times: number;
  /** From the end of one attempt to the begin of the next, ms. */
  readonly after: number;
}

const confirmStruct = goStruct('confirm', { times: goInt, after: duration }, { times: 1, after: USUAL_PAUSE_MS });

/** A number of times, or a mapping. */
const confirm: GoType<Confirm> = checked<Confirm, Confirm>(
  {
    ...confirmStruct,
    read: (node, was, reading) =>
      isMap(node)
        ? confirmStruct.read(node, was, reading)
        : { times: goInt.read(node, 0, reading), after: USUAL_PAUSE_MS },
  },
  { times: 0, after: 0 },
  (given) => {
    if (given.times < 0 || given.times > MOST_REPEATS)
      throw new Refusal(`confirm: ${given.times} times is not between 0 and ${MOST_REPEATS}`);
    if (given.after < 0) throw new Refusal('confirm: after cannot be negative');
    return given;
  },
  (value) => (value.times === 0 ? undefined : confirmStruct.show(value)),
);

const block = goStruct('outrider', {
  all_addresses: goBool,
  quorum,
  zones,
  resolver: resolvers,
  query_names_under: namesUnder,
  source_ip_address: addressText,
  confirm,
});

/** What may stand in the block. */
export const extensionKeys: readonly string[] = Object.keys(block.zero);

export type Extension = Read<typeof block> & {
  /** Where the block begins. */
  readonly line: number;
};

export const extension: GoType<Extension> = {
  name: block.name,
  zero: { ...block.zero, line: 0 },
  read: (node, was, reading) => ({ ...block.read(node, was, reading), line: reading.lineOf(node) }),
  show: (value) => block.show(value),
};

/** Probers whose own block has no source_ip_address. */
const WITHOUT_SOURCE = ['http', 'grpc', 'websocket'] as const;

/** What of a module a block must fit. */
type Around = Readonly<Record<(typeof WITHOUT_SOURCE)[number], { readonly preferred_ip_protocol: string }>> & {
  readonly prober: string;
  /** ms; 0: none. */
  readonly timeout: number;
};

/** What the module's prober cannot do, and what cannot be together. @throws Refusal */
export function refuseMisplaced(module: Around, given: Extension): void {
  const refuse = (when: boolean, words: string): void => {
    if (when) throw new Refusal(`line ${given.line}: outrider: ${words}`);
  };
  const { prober, timeout } = module;
  const { source_ip_address: source, confirm: repeats } = given;
  const isUnix = prober === 'unix';
  refuse(isUnix && (given.all_addresses || given.zones.size > 0), 'a unix socket has no addresses');
  refuse(isUnix && given.resolver.length > 0, 'a unix socket has no name to look up');
  refuse(
    prober !== 'dns' && given.query_names_under.length > 0,
    `query_names_under is for the dns prober, and this is ${prober}`,
  );
  const takesSource = WITHOUT_SOURCE.find((one) => one === prober);
  refuse(
    source !== '' && takesSource === undefined,
    isUnix
      ? 'a unix socket has no source address'
      : `write source_ip_address under ${prober}, which has a key of its own`,
  );
  if (source !== '' && takesSource !== undefined) {
    const wanted = module[takesSource].preferred_ip_protocol;
    const conflicts = wanted !== '' && wanted !== `ip${isIP(source)}`;
    refuse(conflicts, `from ${source} nothing goes to an address of preferred_ip_protocol ${wanted}`);
  }
  refuse(
    timeout > 0 && repeats.times * repeats.after >= timeout,
    `confirm: the pauses alone take the timeout of ${timeout / 1000}s`,
  );
}
