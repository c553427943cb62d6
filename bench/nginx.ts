// Owns the nginx that the benches of the agent ask: HTTP and HTTPS on loopback, one worker, an answer of four letters.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from '../src/demo/pki/authority.ts';
import { issue } from '../src/demo/pki/certificate.ts';
import { ecKeys } from '../src/demo/pki/keys.ts';
import { freePort } from '../test/system/rig/ports.ts';

const DAY_MS = 86_400_000;

export interface Servers {
  readonly http: string;
  readonly https: string;
  readonly rootFile: string;
  stop(): void;
}

/** @param folder for its files */
export async function startServers(folder: string): Promise<Servers> {
  const authority = createAuthority('Bench', Date.now());
  const keys = ecKeys();
  const subject = { commonName: 'bench.example', ...keys };
  const notBefore = Date.now() - DAY_MS;
  const leaf = issue({
    subject,
    issuer: authority.intermediate,
    notBefore,
    notAfter: notBefore + 90 * DAY_MS,
    names: ['bench.example'],
  });
  const [certificate, key, rootFile] = [join(folder, 'leaf.pem'), join(folder, 'key.pem'), join(folder, 'root.pem')];
  await writeFile(certificate, leaf.pem + authority.intermediateCertificate.pem);
  await writeFile(key, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(rootFile, authority.rootCertificate.pem);
  const [plain, secure] = [await freePort(['127.0.0.1']), await freePort(['127.0.0.1'])];
  const config = join(folder, 'nginx.conf');
  await writeFile(
    config,
    `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
  server { listen 127.0.0.1:${plain} backlog=4096; return 200 "fine"; }
  server { listen 127.0.0.1:${secure} ssl backlog=4096; ssl_certificate ${certificate}; ssl_certificate_key ${key}; return 200 "fine"; }
}
`,
  );
  const daemon = spawn('nginx', ['-e', join(folder, 'error.log'), '-c', config], { stdio: 'inherit' });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return {
    http: `http://127.0.0.1:${plain}`,
    https: `https://127.0.0.1:${secure}`,
    rootFile,
    stop: () => void daemon.kill(),
  };
}
