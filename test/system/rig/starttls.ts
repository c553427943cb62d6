// Owns daemons that begin in the clear and go over to TLS when asked: mail, databases, directory, files, chat. Each from a
// configuration of its own in the rig's folder; nothing of this machine's is read or written.
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startNsd, startUnbound } from './dns.ts';
import { createPki, type Issued, type Pki } from './pki.ts';
import { freePort } from './ports.ts';
import { HERE, outputOf, type Rig } from './rig.ts';
import { at, type Listen } from './web.ts';

const POSTGRES = ['/usr/lib/postgresql/15/bin/postgres', '/usr/lib/postgresql/15/bin/initdb'] as const;

/** Programs that must be there. */
export const DAEMONS = ['postfix', 'dovecot', ...POSTGRES, 'mariadbd', 'slapd', 'vsftpd', 'prosody'] as const;

/** Last byte of the address of each service: what `probe certs` and `openssl s_client -starttls` call its protocol. */
export const SERVICES = {
  smtp: { last: 25, scheme: 'smtp', starttls: 'smtp' },
  submission: { last: 87, scheme: 'submission', starttls: 'smtp' },
  imap: { last: 43, scheme: 'imap', starttls: 'imap' },
  pop3: { last: 10, scheme: 'pop3', starttls: 'pop3' },
  sieve: { last: 41, scheme: 'sieve', starttls: 'sieve' },
  lmtp: { last: 24, scheme: 'lmtp', starttls: 'lmtp' },
  postgres: { last: 54, scheme: 'postgres', starttls: 'postgres' },
  mysql: { last: 33, scheme: 'mysql', starttls: 'mysql' },
  ldap: { last: 89, scheme: 'ldap', starttls: 'ldap' },
  ftp: { last: 21, scheme: 'ftp', starttls: 'ftp' },
  xmpp: { last: 52, scheme: 'xmpp', starttls: 'xmpp' },
  'xmpp-server': { last: 53, scheme: 'xmpp-server', starttls: 'xmpp-server' },
} as const;
export type Service = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as readonly Service[];

const POSTFIX_MASTER = '/usr/lib/postfix/sbin/master';

const NETWORK = '127.0.62';
const NAME_SERVER = `${NETWORK}.11`;
const RESOLVER = `${NETWORK}.12`;

export interface Services {
  /** Options that every sweep of these needs. */
  readonly options: readonly string[];
  /** `smtp://smtp.kms.test:8025`. */
  target(service: Service): string;
  readonly pki: Pki;
  readonly chain: readonly Issued[];
  listen(service: Service): Listen;
}

interface Setting {
  readonly rig: Rig;
  /** Paths of leaf with intermediates, and of the key. */
  readonly cert: string;
  readonly key: string;
  readonly listen: (service: Service) => Listen;
}

export async function startServices(rig: Rig): Promise<Services> {
  const addresses = SERVICE_NAMES.map((service) => `${NETWORK}.${SERVICES[service].last}`);
  const [port, dnsPort] = [await freePort(addresses), await freePort([NAME_SERVER, RESOLVER])];
  const listen = (service: Service): Listen => ({ address: `${NETWORK}.${SERVICES[service].last}`, port });
  const pki = await createPki(rig);
  const chain = [await pki.leaf('leaf', { key: 'rsa' }), pki.lower, pki.upper];
  const pem = chain.map(({ certificatePem }) => certificatePem).join('');
  const setting = {
    ...{ rig, listen },
    cert: await rig.write('service.pem', pem),
    key: await rig.write('service.key', chain[0]?.keyPem ?? ''),
  };
  const starts = [startPostfix, startDovecot, startPostgres, startMariadb, startSlapd, startVsftpd, startProsody];
  const started = await Promise.allSettled(starts.map((start) => start(setting)));
  // Not before all have come to an end: the rig can only stop what has started.
  for (const one of started) if (one.status === 'rejected') throw one.reason;
  const records = SERVICE_NAMES.map((service) => `${service} A ${listen(service).address}`).join('\n');
  const [server, resolver] = [
    { address: NAME_SERVER, port: dnsPort },
    { address: RESOLVER, port: dnsPort },
  ];
  const soa = `$ORIGIN kms.test.\n$TTL 60\n@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ NS ns1\nns1 A ${NAME_SERVER}\n`;
  await startNsd(rig, HERE, server, [{ name: 'kms.test', text: `${soa}${records}\n` }]);
  await startUnbound(rig, HERE, resolver, [{ name: 'kms.test', servers: [server] }]);
  return {
    ...{ pki, chain, listen },
    target: (service) => `${SERVICES[service].scheme}://${service}.kms.test:${port}`,
    options: ['--resolver', `${RESOLVER}#${dnsPort}`, '--ca-file', pki.rootFile],
  };
}

/** Ready when somebody greets, or at least listens. */
function connecting({ address, port }: Listen): readonly string[] {
  return ['bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
}

async function ids(user: string): Promise<readonly [number, number]> {
  const [uid, gid] = [await outputOf(['id', '-u', user]), await outputOf(['id', '-g', user])];
  return [Number(uid), Number(gid)];
}

/** A folder that only this user may enter. */
async function folderOf(rig: Rig, name: string, user: string): Promise<string> {
  const path = join(rig.folder, name);
  await mkdir(path, { mode: 0o700 });
  await chown(path, ...(await ids(user)));
  return path;
}

async function startPostfix({ rig, cert, key, listen }: Setting): Promise<void> {
  const config = join(rig.folder, 'postfix');
  await Promise.all([config, join(rig.folder, 'postfix-queue')].map((path) => mkdir(path)));
  const data = await folderOf(rig, 'postfix-data', 'postfix');
  await rig.write(
    'postfix/main.cf',
    `compatibility_level = 3.6
queue_directory = ${rig.folder}/postfix-queue
data_directory = ${data}
myhostname = kms.test
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
maillog_file = ${rig.folder}/postfix.log
maillog_file_prefixes = ${rig.folder}
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${key}, ${cert}
`,
  );
  const smtpd = (service: Service): string => `${at(listen(service))} inet n - n - - smtpd`;
  await rig.write(
    'postfix/master.cf',
    `${smtpd('smtp')}
${smtpd('submission')}
  -o smtpd_tls_security_level=encrypt
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
`,
  );
  // Makes the folders of the queue. `postfix start-fg` would put its master out of our process group.
  await outputOf(['postfix', '-c', config, 'check']);
  const argv = [POSTFIX_MASTER, '-d', '-c', config];
  await rig.start({ name: 'postfix', place: HERE, argv, answers: connecting(listen('submission')) });
}

async function startDovecot({ rig, cert, key, listen }: Setting): Promise<void> {
  const listener = (service: Service): string => {
    const { address, port } = listen(service);
    return `inet_listener ${service} {\n    address = ${address}\n    port = ${port}\n  }`;
  };
  const config = await rig.write(
    'dovecot.conf',
    `base_dir = ${rig.folder}/dovecot-run
state_dir = ${rig.folder}/dovecot-state
log_path = /dev/stderr
protocols = imap pop3 sieve lmtp
mail_location = maildir:${rig.folder}/mail/%u
ssl = yes
ssl_cert = <${cert}
ssl_key = <${key}
passdb {
  driver = static
  args = nopassword=y
}
service imap-login {
  ${listener('imap')}
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  ${listener('pop3')}
  inet_listener pop3s {
    port = 0
  }
}
service managesieve-login {
  ${listener('sieve')}
}
service lmtp {
  ${listener('lmtp')}
}
`,
  );
  const argv = ['dovecot', '-F', '-c', config];
  await rig.start({ name: 'dovecot', place: HERE, argv, answers: connecting(listen('sieve')) });
}

async function startPostgres({ rig, cert, key, listen }: Setting): Promise<void> {
  const [server, initdb] = POSTGRES;
  const data = await folderOf(rig, 'postgres', 'postgres');
  const [uid, gid] = await ids('postgres');
  const asPostgres = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--pdeathsig', 'TERM'];
  await outputOf([...asPostgres, initdb, '-D', data, '--no-sync', '--auth=trust']);
  // Wants its key to be readable by nobody else.
  const own = join(data, 'service.key');
  await outputOf(['install', '-o', 'postgres', '-g', 'postgres', '-m', '600', key, own]);
  const { address, port } = listen('postgres');
  const settings = ['ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${own}`, 'unix_socket_directories=', 'fsync=off'];
  const options = settings.flatMap((setting) => ['-c', setting]);
  const argv = [...asPostgres, server, '-D', data, '-h', address, '-p', `${port}`, ...options];
  await rig.start({ name: 'postgres', place: HERE, argv, answers: connecting({ address, port }) });
}

async function startMariadb({ rig, cert, key, listen }: Setting): Promise<void> {
  const data = await folderOf(rig, 'mariadb', 'mysql');
  const { address, port } = listen('mysql');
  const own = [`--datadir=${data}`, '--innodb-flush-log-at-trx-commit=0'];
  const install = ['mariadb-install-db', '--no-defaults', ...own, '--user=mysql', '--skip-test-db'];
  await outputOf([...install, '--auth-root-authentication-method=normal']);
  const ownKey = join(data, 'service.key');
  await outputOf(['install', '-o', 'mysql', '-g', 'mysql', '-m', '600', key, ownKey]);
  const files = [`--socket=${data}/sock`, `--pid-file=${data}/pid`, `--ssl-cert=${cert}`, `--ssl-key=${ownKey}`];
  const [uid, gid] = await ids('mysql');
  // The kernel forgets the signal of the parent's death where a process changes its user: so it is asked again behind that.
  const asMysql = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--pdeathsig', 'TERM'];
  const argv = [
    ...asMysql,
    'mariadbd',
    '--no-defaults',
    ...own,
    `--bind-address=${address}`,
    `--port=${port}`,
    ...files,
  ];
  await rig.start({ name: 'mariadb', place: HERE, argv, answers: connecting({ address, port }) });
}

async function startSlapd({ rig, cert, key, listen }: Setting): Promise<void> {
  const config = await rig.write(
    'slapd.conf',
    `pidfile ${rig.folder}/slapd.pid
argsfile ${rig.folder}/slapd.args
TLSCertificateFile ${cert}
TLSCertificateKeyFile ${key}
`,
  );
  // Any level of debugging keeps it in the foreground.
  const argv = ['slapd', '-d', '256', '-f', config, '-h', `ldap://${at(listen('ldap'))}`];
  await rig.start({ name: 'slapd', place: HERE, argv, answers: connecting(listen('ldap')) });
}

async function startVsftpd({ rig, cert, key, listen }: Setting): Promise<void> {
  const { address, port } = listen('ftp');
  await mkdir(join(rig.folder, 'vsftpd-empty'));
  const config = await rig.write(
    'vsftpd.conf',
    `listen=YES
background=NO
listen_address=${address}
listen_port=${port}
anonymous_enable=YES
secure_chroot_dir=${rig.folder}/vsftpd-empty
ssl_enable=YES
ssl_tlsv1=YES
ssl_ciphers=HIGH
rsa_cert_file=${cert}
rsa_private_key_file=${key}
`,
  );
  await chmod(config, 0o600);
  await rig.start({ name: 'vsftpd', place: HERE, argv: ['vsftpd', config], answers: connecting({ address, port }) });
}

async function startProsody({ rig, cert, key, listen }: Setting): Promise<void> {
  const data = await folderOf(rig, 'prosody', 'prosody');
  const [client, server] = [listen('xmpp'), listen('xmpp-server')];
  const config = await rig.write(
    'prosody.cfg.lua',
    `pidfile = "${data}/pid"
data_path = "${data}"
run_as_root = true
log = { { levels = { min = "info" }, to = "console" } }
modules_enabled = { "tls", "saslauth", "dialback" }
modules_disabled = { "s2s_auth_certs" }
c2s_ports = { ${client.port} }
c2s_interfaces = { "${client.address}" }
s2s_ports = { ${server.port} }
s2s_interfaces = { "${server.address}" }
ssl = { certificate = "${cert}", key = "${key}" }
VirtualHost "kms.test"
VirtualHost "xmpp.kms.test"
VirtualHost "xmpp-server.kms.test"
`,
  );
  const argv = ['prosody', '--config', config, '-F'];
  await rig.start({ name: 'prosody', place: HERE, argv, answers: connecting(client) });
}
