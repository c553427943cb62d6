// Owns a delegation whose servers are far away: a root, a top-level domain and a zone with four servers each, and a resolver that
// knows the answers by heart. Each answer takes as long as a round trip. Run as `node bench/delegation-world.ts`: prints one line of
// JSON (its port) and lives until its standard input ends.
import type { Answer } from 'dns-packet';
import { type Binding, bindTogether } from '../src/demo/binding.ts';
import { type Query, Rcode, type Reply } from '../src/demo/dns/message.ts';
import { createDnsServer } from '../src/demo/dns/server.ts';
import { createLifetime } from '../src/demo/lifetime.ts';
import { seededRandom } from '../src/demo/random.ts';
import { DELAY_MS, LEVELS, RESOLVER, type Zone } from './delegation-data.ts';

const TTL = 86_400;

const within = (name: string, zone: string): boolean => zone === '' || name === zone || name.endsWith(`.${zone}`);
const nsOf = ({ zone, servers }: Zone): Answer[] =>
  servers.map(({ name }) => ({ type: 'NS', name: zone, ttl: TTL, data: name }));
const addressesOf = ({ servers }: Zone): Answer[] =>
  servers.map(({ name, address }) => ({ type: 'A', name, ttl: TTL, data: address }));
const soaOf = ({ zone }: Zone): Answer => ({
  type: 'SOA',
  name: zone,
  ttl: 300,
  data: { mname: 'a.root', rname: 'admin.root', serial: 7, refresh: 7200, retry: 900, expire: 1_209_600, minimum: 60 },
});

/** Everything that is said with authority in the zone, the data of the leaf included. */
function dataOf(at: Zone): readonly Answer[] {
  const service: readonly Answer[] =
    at === LEVELS.at(-1) ? [{ type: 'A', name: at.zone, ttl: 60, data: '192.0.2.1' }] : [];
  return [soaOf(at), ...nsOf(at), ...addressesOf(at), ...service];
}

function answerIn(at: Zone, { name, type }: Query, authoritative: boolean): Reply {
  const answers = dataOf(at).filter((record) => record.name === name && record.type === type);
  const exists = dataOf(at).some((record) => record.name === name);
  const additionals = type === 'NS' && name === at.zone ? addressesOf(at) : [];
  const authorities = answers.length > 0 ? [] : [soaOf(at)];
  return { rcode: exists ? Rcode.NOERROR : Rcode.NXDOMAIN, authoritative, answers, authorities, additionals };
}

/** RFC 1034 4.3.2: a referral for what is below the cut, but for its DS set. */
function authority(at: Zone, below: Zone | undefined): (query: Query) => Reply {
  return (query) => {
    const isDs = query.type === 'DS' && query.name === below?.zone;
    if (below === undefined || isDs || !within(query.name, below.zone)) return answerIn(at, query, true);
    const [authorities, additionals] = [nsOf(below), addressesOf(below)];
    return { rcode: Rcode.NOERROR, authoritative: false, answers: [], authorities, additionals };
  };
}

function resolve(query: Query): Reply {
  const zone = LEVELS.findLast((level) => within(query.name, level.zone)) ?? LEVELS[0];
  // The servers' own names are in the zones that they serve.
  return answerIn(zone as Zone, query, false);
}

const lifetime = createLifetime();
const random = seededRandom(1);
const server = (address: string, name: string, answer: (query: Query) => Reply, recursive = false): Binding =>
  createDnsServer({
    ...{ address, name, recursive, random, lifetime },
    fault: () => 'none',
    async answer(query) {
      await lifetime.sleep(DELAY_MS);
      return answer(query);
    },
  });

const port = await bindTogether([
  server(RESOLVER, 'resolver', resolve, true),
  ...LEVELS.flatMap((level, index) =>
    level.servers.map(({ name, address }) => server(address, name, authority(level, LEVELS[index + 1]))),
  ),
]);
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.stdin.resume().once('end', () => void lifetime.end());
