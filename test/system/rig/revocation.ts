// Owns a small CA with everything that tells of revocation: OCSP responders, lists over http, staples; all made and served by openssl and
// nginx. Judges nothing.
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { startNsd, startUnbound } from './dns.ts';
import { freePort } from './ports.ts';
import { HERE, outputOf, type Rig, run } from './rig.ts';
import { at, type Listen, startNginx } from './web.ts';

const ADDRESS = '127.0.62.1';

/** What each server certificate names: an OCSP responder, a list, both, or nobody. */
interface LeafPlan {
  readonly issuer: 'int' | 'old';
  readonly ocsp?: keyof Ports;
  readonly crl?: string;
  readonly mustStaple?: true;
  /** Not entered in the books: the responder has never heard of it. */
  readonly unbooked?: true;
  readonly revoked?: string;
  /** Name of the staple file that nginx sends. */
  readonly staple?: string;
}

interface Ports {
  readonly web: number;
  readonly lists: number;
  readonly ocsp: number;
  readonly rootOcsp: number;
  readonly impostorOcsp: number;
  readonly dead: number;
}

export const leaves = {
  good: { issuer: 'int', ocsp: 'ocsp', crl: 'int.crl' },
  revoked: { issuer: 'int', ocsp: 'ocsp', crl: 'int.crl', revoked: 'keyCompromise' },
  below: { issuer: 'old', crl: 'old.crl' },
  unknown: { issuer: 'int', ocsp: 'ocsp', unbooked: true },
  dead: { issuer: 'int', ocsp: 'dead', crl: 'gone.crl' },
  stale: { issuer: 'int', crl: 'stale.crl' },
  stranger: { issuer: 'int', ocsp: 'impostorOcsp', crl: 'impostor.crl' },
  silent: { issuer: 'int' },
  promised: { issuer: 'int', ocsp: 'ocsp', mustStaple: true, staple: 'promised' },
  broken: { issuer: 'int', ocsp: 'ocsp', mustStaple: true },
  mixed: { issuer: 'int', ocsp: 'ocsp', staple: 'good' },
  admitted: { issuer: 'int', ocsp: 'ocsp', revoked: 'superseded', staple: 'admitted' },
} as const satisfies Readonly<Record<string, LeafPlan>>;
export type LeafName = keyof typeof leaves;

export interface RevocationWorld {
  readonly web: Listen;
  readonly sServer: Listen;
  readonly ports: Ports;
  readonly rootFile: string;
  readonly file: (name: string) => string;
  readonly target: (leaf: LeafName) => string;
  /** Options of a ride to it, and of a sweep over it. */
  readonly options: readonly string[];
  readonly sweepOptions: readonly string[];
}

export const DOMAIN = 'rev.test';
const CONFIG = `
[req]
distinguished_name = dn
[dn]
[policy]
commonName = supplied
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[responder]
extendedKeyUsage = OCSPSigning
noCheck = ignored
`;

export async function startRevocationWorld(rig: Rig): Promise<RevocationWorld> {
  const [web = 0, lists = 0, ocsp = 0, rootOcsp = 0, impostorOcsp = 0, dead = 0, sServer = 0, dns = 0] =
    await distinctPorts(8);
  const ports = { web, lists, ocsp, rootOcsp, impostorOcsp, dead };
  const world = { rig, ports, file: (name: string): string => join(rig.folder, name) };
  await makeAuthorities(world);
  for (const [name, plan] of Object.entries<LeafPlan>(leaves)) await makeLeaf(world, name, plan);
  await revoke(world, 'root', 'old', 'cessationOfOperation');
  await makeLists(world);
  await startResponders(world);
  for (const name of ['good', 'promised', 'admitted']) await makeStaple(world, name);
  await startNginx(rig, HERE, 'web', { address: ADDRESS, port: web }, servers(world));
  await startSServer(world, sServer);
  const resolver = await startDns(world, dns);
  return {
    ...{ web: { address: ADDRESS, port: web }, sServer: { address: ADDRESS, port: sServer }, ports },
    ...{ rootFile: world.file('root.pem'), file: world.file },
    target: (leaf) => `https://${leaf}.${DOMAIN}:${web}`,
    options: ['--connect', ADDRESS, '--ca-file', world.file('root.pem'), '--only', 'tls', '--no-tls-survey', '-n', '2'],
    sweepOptions: ['--resolver', resolver, '--ca-file', world.file('root.pem')],
  };
}

interface World {
  readonly rig: Rig;
  readonly ports: Ports;
  readonly file: (name: string) => string;
}

async function distinctPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort([ADDRESS, '127.0.62.2', '127.0.62.3']));
  return [...ports];
}

async function key({ file }: World, name: string): Promise<void> {
  await outputOf(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file(`${name}.key`)]);
}

/** root and impostor sign themselves; int and old are the root's; responders are theirs. */
async function makeAuthorities(world: World): Promise<void> {
  const { rig, file } = world;
  await rig.write('req.cnf', CONFIG);
  for (const name of ['root', 'impostor']) {
    await key(world, name);
    const subject = ['-subj', name === 'root' ? '/CN=Revocation Root' : '/CN=Revocation Int'];
    const signed = ['-key', file(`${name}.key`), ...subject, '-days', '400', '-out', file(`${name}.pem`)];
    await outputOf(['openssl', 'req', '-x509', '-config', file('req.cnf'), '-extensions', 'ca', ...signed]);
  }
  for (const name of ['root', 'int', 'old', 'impostor']) await openBooks(world, name);
  for (const name of ['int', 'old']) {
    const subject = name === 'int' ? '/CN=Revocation Int' : '/CN=Revocation Old';
    const places = access(world, 'rootOcsp', 'root.crl');
    await sign(world, 'root', name, subject, `${CONFIG.split('[ca]')[1]?.split('[responder]')[0] ?? ''}${places}`);
  }
  await sign(world, 'int', 'responder', '/CN=Responder', 'extendedKeyUsage = OCSPSigning\nnoCheck = ignored\n');
}

async function openBooks({ rig, file }: World, name: string): Promise<void> {
  await rig.write(`${name}.index`, '');
  await rig.write(`${name}.number`, '01');
  const books = `[books]
database = ${file(`${name}.index`)}
crlnumber = ${file(`${name}.number`)}
rand_serial = yes
new_certs_dir = ${file('')}
unique_subject = no
default_md = sha256
default_crl_days = 7
policy = policy
`;
  await rig.write(`${name}.cnf`, `${CONFIG}${books}`);
}

function access({ ports }: World, ocsp: keyof Ports | undefined, crl: string | undefined): string {
  return [
    ...(ocsp === undefined ? [] : [`authorityInfoAccess = OCSP;URI:http://${ADDRESS}:${ports[ocsp]}/\n`]),
    ...(crl === undefined ? [] : [`crlDistributionPoints = URI:http://${ADDRESS}:${ports.lists}/${crl}\n`]),
  ].join('');
}

/** @param extensions lines of a section of openssl's configuration */
async function sign(world: World, issuer: string, name: string, subject: string, extensions: string): Promise<void> {
  const { rig, file } = world;
  await key(world, name);
  const wanted = ['-key', file(`${name}.key`), '-subj', subject, '-out', file(`${name}.csr`)];
  await outputOf(['openssl', 'req', '-new', '-config', file('req.cnf'), ...wanted]);
  const extended = await rig.write(`${name}.ext`, extensions);
  const signer = ['-cert', file(`${issuer}.pem`), '-keyfile', file(`${issuer}.key`)];
  const books = ['-config', file(`${issuer}.cnf`), '-name', 'books', '-batch', '-notext', '-extfile', extended];
  const files = ['-in', file(`${name}.csr`), '-out', file(`${name}.pem`), '-days', '90'];
  await outputOf(['openssl', 'ca', ...books, ...signer, ...files]);
}

async function makeLeaf(world: World, name: string, plan: LeafPlan): Promise<void> {
  const { rig, file } = world;
  const before = await rig.read(`${plan.issuer}.index`);
  const lines = [
    `subjectAltName = DNS:${name}.${DOMAIN}\nextendedKeyUsage = serverAuth\n`,
    access(world, plan.ocsp, plan.crl),
    plan.mustStaple === true ? 'tlsfeature = status_request\n' : '',
  ];
  await sign(world, plan.issuer, name, `/CN=${name}.${DOMAIN}`, lines.join(''));
  if (plan.unbooked === true) await rig.write(`${plan.issuer}.index`, before);
  if (plan.revoked !== undefined) await revoke(world, plan.issuer, name, plan.revoked);
  await rig.write(`${name}.chain`, await rig.read(`${name}.pem`));
  await appendFile(file(`${name}.chain`), await rig.read(`${plan.issuer}.pem`));
}

async function revoke({ file }: World, issuer: string, name: string, reason: string): Promise<void> {
  const signer = ['-cert', file(`${issuer}.pem`), '-keyfile', file(`${issuer}.key`)];
  const books = ['-config', file(`${issuer}.cnf`), '-name', 'books'];
  await outputOf(['openssl', 'ca', ...books, ...signer, '-revoke', file(`${name}.pem`), '-crl_reason', reason]);
}

async function makeLists(world: World): Promise<void> {
  for (const name of ['root', 'int', 'old', 'impostor']) await makeList(world, name, `${name}.crl`, []);
  const day = (days: number): string =>
    `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  await makeList(world, 'int', 'stale.crl', ['-crl_lastupdate', day(-9), '-crl_nextupdate', day(-2)]);
}

async function makeList({ file }: World, issuer: string, name: string, times: readonly string[]): Promise<void> {
  const signer = ['-cert', file(`${issuer}.pem`), '-keyfile', file(`${issuer}.key`)];
  const books = ['-config', file(`${issuer}.cnf`), '-name', 'books', '-gencrl', ...times];
  await outputOf(['openssl', 'ca', ...books, ...signer, '-out', file(`${name}.pem`)]);
  await outputOf(['openssl', 'crl', '-in', file(`${name}.pem`), '-outform', 'DER', '-out', file(name)]);
}

/** A responder that the intermediate made one, the root by itself, and an impostor who answers in the intermediate's name. */
async function startResponders(world: World): Promise<void> {
  await startResponder(world, 'ocsp', 'int', 'responder');
  await startResponder(world, 'rootOcsp', 'root', 'root');
  await startResponder(world, 'impostorOcsp', 'int', 'impostor');
}

/** `openssl ocsp -port` would listen on every address of the machine: here it answers one question after another from files. */
async function startResponder(
  { rig, ports, file }: World,
  port: 'ocsp' | 'rootOcsp' | 'impostorOcsp',
  issuer: string,
  signer: string,
): Promise<void> {
  const files = ['-index', file(`${issuer}.index`), '-CA', file(`${issuer}.pem`), '-ndays', '4'];
  const signing = ['-rsigner', file(`${signer}.pem`), '-rkey', file(`${signer}.key`)];
  let count = 0;
  const answer = async (question: Buffer): Promise<Buffer> => {
    count += 1;
    const [asked, said] = [file(`${port}-${count}.question`), file(`${port}-${count}.answer`)];
    await writeFile(asked, question);
    await outputOf(['openssl', 'ocsp', ...files, ...signing, '-reqin', asked, '-respout', said]);
    return readFile(said);
  };
  const server = createServer((request, response) => {
    buffer(request)
      .then(answer)
      .then(
        (bytes) => response.setHeader('content-type', 'application/ocsp-response').end(bytes),
        () => response.destroy(),
      );
  });
  await new Promise<void>((resolve) => server.listen(ports[port], ADDRESS, resolve));
  rig.defer(() => {
    server.close();
    server.closeAllConnections();
  });
}

async function makeStaple({ file, ports }: World, name: string): Promise<void> {
  const asked = ['-issuer', file('int.pem'), '-cert', file(`${name}.pem`), '-no_nonce'];
  const way = ['-url', `http://${ADDRESS}:${ports.ocsp}/`, '-respout', file(`${name}.staple`), '-noverify'];
  await outputOf(['openssl', 'ocsp', ...asked, ...way]);
}

function servers({ file, ports }: World): string {
  const secure = Object.entries<LeafPlan>(leaves).map(([name, { staple }]) => {
    const stapling = staple === undefined ? '' : `ssl_stapling on; ssl_stapling_file ${file(`${staple}.staple`)};`;
    return `  server {
    listen ${ADDRESS}:${ports.web} ssl; server_name ${name}.${DOMAIN};
    ssl_certificate ${file(`${name}.chain`)}; ssl_certificate_key ${file(`${name}.key`)}; ${stapling}
    location / { return 200 "ok"; }
  }`;
  });
  return `${secure.join('\n')}
  server {
    listen ${ADDRESS}:${ports.lists};
    location = /gone.crl { return 503; }
    location / { root ${file('')}; }
  }`;
}

/** The same certificate as nginx has for `promised`, stapled by openssl. */
async function startSServer({ rig, file }: World, port: number): Promise<void> {
  const files = ['-cert', file('promised.pem'), '-key', file('promised.key'), '-cert_chain', file('int.pem')];
  await rig.start({
    ...{ name: 's_server', place: HERE },
    argv: [
      'openssl',
      's_server',
      '-accept',
      `${ADDRESS}:${port}`,
      ...files,
      '-status_file',
      file('promised.staple'),
      '-www',
    ],
    answers: ['bash', '-c', `exec 3<>/dev/tcp/${ADDRESS}/${port}`],
  });
}

/** Every name of the domain is at the one address. @returns the resolver as an option names it */
async function startDns({ rig }: World, port: number): Promise<string> {
  const ns = { address: '127.0.62.2', port };
  const text = `$ORIGIN ${DOMAIN}.
$TTL 60
@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300
@ IN NS ns1
ns1 IN A ${ns.address}
* IN A ${ADDRESS}
`;
  await startNsd(rig, HERE, ns, [{ name: DOMAIN, text }]);
  await startUnbound(rig, HERE, { address: '127.0.62.3', port }, [{ name: DOMAIN, servers: [ns] }]);
  return `127.0.62.3#${port}`;
}

/** `good`, `revoked`, `unknown`, or null when openssl does not believe the answer or got none. */
export async function opensslOcsp(world: RevocationWorld, leaf: LeafName, port: keyof Ports): Promise<string | null> {
  const asked = ['-issuer', world.file('int.pem'), '-cert', world.file(`${leaf}.pem`), '-no_nonce'];
  const way = ['-url', `http://${ADDRESS}:${world.ports[port]}/`, '-CAfile', world.rootFile];
  const ran = await run(['openssl', 'ocsp', ...asked, ...way, '-verify_other', world.file('int.pem')]);
  const text = `${ran.stdout}${ran.stderr}`;
  if (!text.includes('Response verify OK')) return null;
  return /\.pem: (good|revoked|unknown)/.exec(text)?.[1] ?? null;
}

/** `OK`, or openssl's words, of the chain with these lists. */
export async function opensslVerify(
  world: RevocationWorld,
  leaf: LeafName,
  issuer: 'int' | 'old',
  lists: readonly string[],
): Promise<string> {
  const crls = lists.flatMap((name) => ['-CRLfile', world.file(`${name}.pem`)]);
  const chain = ['-CAfile', world.rootFile, '-untrusted', world.file(`${issuer}.pem`), world.file(`${leaf}.pem`)];
  const ran = await run(['openssl', 'verify', '-crl_check_all', ...crls, ...chain]);
  const text = `${ran.stdout}${ran.stderr}`;
  return ran.code === 0 ? 'OK' : (/error \d+ at \d+ depth lookup: ?(.*)/.exec(text)?.[1] ?? text);
}

/** The status in what `openssl s_client -status` shows. */
export async function opensslStaple(world: RevocationWorld, leaf: LeafName): Promise<string | null> {
  const asked = ['-connect', at(world.web), '-servername', `${leaf}.${DOMAIN}`, '-CAfile', world.rootFile, '-status'];
  const { stdout } = await run(['bash', '-c', 'exec openssl s_client "$@" </dev/null', 'bash', ...asked]);
  return /Cert Status: (\w+)/.exec(stdout)?.[1] ?? null;
}
