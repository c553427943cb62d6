// Debian's blackbox_exporter and `probe serve`, side by side, with one blackbox.yml: the same families, the same success, the same values where they are no times.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typeName } from '../../src/blackbox/config/dns-words.ts';
import { readAnswer } from '../../src/blackbox/dns/message.ts';
import { messageOf, record } from '../../src/blackbox/test/dns-messages.ts';
import { RECORD_ROWS } from '../../src/blackbox/test/record-rows.ts';
import { differences, EXPORTER, eachOf, type Pair, startPair, success, YOUNGER } from './rig/blackbox.ts';
import { casesFor, EXPLAINED, modulesText } from './rig/blackbox-cases.ts';
import { type Servers, startServers } from './rig/blackbox-servers.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireRoot, requireTools } from './rig/tools.ts';

describe.skipIf(!requireTools([EXPORTER, 'curl', 'setpriv']) || !requireRoot())('beside blackbox_exporter 0.23', () => {
  let rig: Rig;
  let servers: Servers;
  let pair: Pair;
  beforeAll(async () => {
    rig = await openRig();
    servers = await startServers(rig, RECORD_ROWS);
    pair = await startPair(rig, modulesText(servers.rootFile, RECORD_ROWS.length));
  });
  afterAll(() => rig.close());

  it('every module says the same of every target', async () => {
    const cases = casesFor(servers);
    expect(cases.length).toBeGreaterThan(100);
    const lines = await eachOf(cases, async ({ module, target, more, success: wanted }) => {
      const pages = await pair.probe(module, target, more ?? '');
      const off = success(pages.theirs) === wanted ? [] : [`the exporter itself says ${success(pages.theirs)}`];
      return [...off, ...differences(pages)].map((line) => `${module} ${target}: ${line}`);
    });
    const meant = EXPLAINED.map(({ line, because }) => ({
      because,
      lines: lines.flat().filter((one) => line.test(one)),
    }));
    console.info(
      [
        `${cases.length} probes side by side, ${lines.filter((one) => one.length === 0).length} the same in every series that 0.23 has`,
        ...meant.map(({ because, lines: found }) => `${found.length} differ: ${because}`),
        ...Object.entries(YOUNGER).map(([family, since]) => `${family}: ${since}`),
      ].join('\n'),
    );
    expect(lines.flat().filter((one) => !EXPLAINED.some(({ line }) => line.test(one)))).toEqual([]);
    expect(meant.filter(({ lines: found }) => found.length === 0)).toEqual([]);
  });

  it('tells when a chain ends that both refuse, where the exporter falls silent', async () => {
    const { at } = servers;
    const named = (place: string): string => place.replace('127.0.0.1', 'localhost');
    // What is refused, and where the exporter tells the same chain's end to who asks without care.
    const refused: readonly (readonly [module: string, target: string, shownBy: string])[] = [
      ['tls', named(at.expired), at.expired],
      ['tls', named(at.stranger), at.stranger],
      ['tls', at.tls13, at.tls13],
      ['tls_other', named(at.tls12), at.tls12],
      ['tls', named(at.client), at.tls12],
      ['imap_distrusted', named(at.imap), at.https],
      ['http_2xx', `https://${named(at.https)}/`, at.https],
      ['dns_dot', at.dot, at.dot],
      ['grpc_distrusted', named(at.grpcs), at.tls12],
    ];
    const silent = new Set([undefined, 0]);
    const ends = await eachOf(refused, async ([module, target, shownBy]) => {
      const [{ theirs, ours }, careless] = await Promise.all([
        pair.probe(module, target),
        pair.probe('tls_careless', shownBy),
      ]);
      expect([success(theirs), success(ours)], `${module} ${target}`).toEqual([0, 0]);
      expect(silent.has(theirs.get('probe_ssl_earliest_cert_expiry')), `${module} ${target}`).toBe(true);
      const shown = careless.theirs.get('probe_ssl_earliest_cert_expiry');
      expect(ours.get('probe_ssl_served_not_after_timestamp_seconds'), `${module} ${target}`).toBe(shown);
      return shown;
    });
    expect(ends.filter((end) => (end ?? 0) > 0)).toHaveLength(refused.length);
  });

  it('records read the same, type by type', async () => {
    const read = await eachOf([...RECORD_ROWS.entries()], async ([at, [type, hex]]) => {
      const theirs = recordIn(await pair.log(`row${at}`, servers.at.records));
      return { type: typeName(type), theirs, ours: textOf(type, hex) };
    });
    console.info(`${read.length} records of ${new Set(read.map(({ type }) => type)).size} types side by side`);
    const differing = read.filter(({ theirs, ours }) => theirs !== ours).map(({ type }) => type);
    // An address in IPv6 clothes, and types that the library of 0.23 does not know.
    expect(differing.toSorted()).toEqual(['AAAA', 'IPSECKEY', 'IPSECKEY', 'IPSECKEY', 'ISDN']);
  });
});

function textOf(type: number, hex: string): string | undefined {
  return readAnswer(messageOf(1, [record('A.example', type, hex)])).answer[0]?.text;
}

/** What is written of a record that is looked at. */
function recordIn(page: string): string | null {
  const found = /msg="Validating RR" rr="((?:[^"\\]|\\.)*)"/.exec(page);
  if (found?.[1] === undefined) return null;
  return JSON.parse(`"${found[1].replaceAll(/\\x(..)/g, String.raw`\u00$1`)}"`) as string;
}
