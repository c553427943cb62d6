// Owns what the sweep of certificates is measured against: nginx with a certificate of its own for each of many addresses, and folders
// full of PEM files. Judges and measures nothing.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type Authority, createAuthority } from '../src/demo/pki/authority.ts';
import { type Certificate, issue, type KeyPair } from '../src/demo/pki/certificate.ts';
import { ecKeys } from '../src/demo/pki/keys.ts';
import { freePort } from '../test/system/rig/ports.ts';

const DAY_MS = 86_400_000;

/** What a line of `--list` and the exporter's `target=` have in common: an address and a port. */
export interface ManyServers {
  readonly targets: readonly string[];
  readonly rootFile: string;
  readonly daemon: ChildProcess;
}

/** Addresses of 127.1.0.0/16, each with its own certificate; one socket serves them all. */
export async function startServers(folder: string, count: number): Promise<ManyServers> {
  const authority = createAuthority('Sweep', Date.now());
  const port = await freePort(['0.0.0.0']);
  const addresses = Array.from({ length: count }, (_, index) => `127.1.${index >> 8}.${index & 255}`);
  const keys = ecKeys();
  const issuer = authority.intermediateCertificate.pem;
  await writeFile(join(folder, 'key.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  for (const address of addresses)
    await writeFile(join(folder, `${address}.pem`), leafOf(authority, keys, address).pem + issuer);
  const rootFile = join(folder, 'root.pem');
  await writeFile(rootFile, authority.rootCertificate.pem);
  const config = join(folder, 'nginx.conf');
  await writeFile(config, configOf(folder, addresses, port));
  const daemon = spawn('nginx', ['-e', join(folder, 'error.log'), '-c', config], { stdio: 'inherit' });
  await answering(port);
  return { targets: addresses.map((address) => `${address}:${port}`), rootFile, daemon };
}

function leafOf({ intermediate }: Authority, keys: KeyPair, name: string): Certificate {
  const notBefore = Date.now() - 10 * DAY_MS;
  const subject = { commonName: name, ...keys };
  return issue({ subject, issuer: intermediate, notBefore, notAfter: notBefore + 90 * DAY_MS, names: [name] });
}

/** A server asked for by address is found by the address the connection came to, when some server listens on them all. */
function configOf(folder: string, addresses: readonly string[], port: number): string {
  const server = (listen: string, address: string): string =>
    `server { listen ${listen} ssl backlog=4096; ssl_certificate ${folder}/${address}.pem; ssl_certificate_key ${folder}/key.pem; }`;
  const first = addresses[0] ?? '';
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
  ${server(`${port}`, first)}
  ${addresses.map((address) => server(`${address}:${port}`, address).replace(' backlog=4096', '')).join('\n  ')}
}
`;
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
      socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => resolve(false)).once('secureConnect', () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx does not answer');
}

/** A folder of certificates, one a file, as a reverse proxy keeps them. */
export async function writeFiles(folder: string, count: number): Promise<void> {
  const authority = createAuthority('Files', Date.now());
  const keys = ecKeys();
  await mkdir(folder);
  for (let index = 0; index < count; index++) {
    const name = `host-${index}.kms.test`;
    await writeFile(join(folder, `${name}.pem`), leafOf(authority, keys, name).pem);
  }
}
