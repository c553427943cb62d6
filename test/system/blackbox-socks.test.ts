// Modules with a SOCKS 5 proxy beside Debian's blackbox_exporter, through microsocks: whether both come through, and say the same.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, EXPORTER, type Pair, startPair, success } from './rig/blackbox.ts';
import { type Servers, startServers } from './rig/blackbox-servers.ts';
import { freePort } from './rig/ports.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const ADDRESS = '127.0.60.121';

describe.skipIf(!requireTools([EXPORTER, 'microsocks', 'curl']))('through microsocks', () => {
  let rig: Rig;
  let servers: Servers;
  let pair: Pair;

  beforeAll(async () => {
    rig = await openRig();
    servers = await startServers(rig, []);
    const port = await freePort([ADDRESS]);
    await rig.start({
      name: 'microsocks',
      place: HERE,
      argv: ['microsocks', '-i', ADDRESS, '-p', String(port), '-u', 'user', '-P', 'p@ss'],
      answers: ['curl', '-sf', '--socks5', `user:p%40ss@${ADDRESS}:${port}`, `http://${servers.at.http}/`],
    });
    const module = (user: string, more = ''): string =>
      `{prober: http, timeout: 3s, http: {proxy_url: "socks5://${user}${ADDRESS}:${port}"${more}}}`;
    const config = {
      socks: module('user:p%40ss@', `, tls_config: {ca_file: ${servers.rootFile}}`),
      wrong: module('user:other@'),
      nobody: module(''),
    };
    pair = await startPair(
      rig,
      `modules:\n${Object.entries(config)
        .map(([name, text]) => `  ${name}: ${text}\n`)
        .join('')}`,
      HERE,
      ADDRESS,
    );
  });
  afterAll(() => rig.close());

  it.each<[module: string, target: (at: Servers['at']) => string, wanted: 0 | 1]>([
    ['socks', ({ http }) => `http://${http}/`, 1],
    ['socks', ({ http }) => `http://${http}/redirect2`, 1],
    ['socks', ({ http6 }) => `http://${http6}/`, 1],
    ['socks', ({ https }) => `https://${https.replace('127.0.0.1', 'localhost')}/`, 1],
    ['socks', ({ https }) => `https://${https}/`, 0],
    ['socks', ({ closed }) => `http://${closed}/`, 0],
    ['socks', ({ hangup }) => `http://${hangup}/`, 0],
    ['wrong', ({ http }) => `http://${http}/`, 0],
    ['nobody', ({ http }) => `http://${http}/`, 0],
  ])('%s %s: %s', async (module, target, wanted) => {
    const pages = await pair.probe(module, target(servers.at));
    expect([success(pages.theirs), success(pages.ours)]).toEqual([wanted, wanted]);
    expect(differences(pages)).toEqual([]);
  });
});
