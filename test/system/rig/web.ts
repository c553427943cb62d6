// Owns the web daemons of a test: nginx behind HAProxy, from configurations that the test writes.
import type { Daemon, Place, Rig } from './rig.ts';

export interface Listen {
  readonly address: string;
  readonly port: number;
}

export const at = ({ address, port }: Listen): string => `${address}:${port}`;

/** @param servers the text inside `http { }` */
export async function startNginx(
  rig: Rig,
  place: Place,
  name: string,
  listen: Listen,
  servers: string,
  workers = 1,
): Promise<Daemon> {
  const path = (file: string): string => `${rig.folder}/${name}-${file}`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${path(kind)};`,
  );
  const config = await rig.write(
    `${name}.conf`,
    `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes ${workers};
pid ${path('pid')};
error_log ${path('error.log')} warn;
events { worker_connections 512; }
http {
  access_log ${path('access.log')};
  ${temporary.join('\n  ')}
  keepalive_timeout 5s;
${servers}
}
`,
  );
  const argv = ['nginx', '-e', path('error.log'), '-c', config];
  return rig.start({ name, place, argv, answers: connecting(listen) });
}

/** @param sections `frontend`, `backend` and `listen` sections */
export async function startHaproxy(
  rig: Rig,
  place: Place,
  name: string,
  listen: Listen,
  sections: string,
): Promise<Daemon> {
  const config = await rig.write(
    `${name}.cfg`,
    `global
  maxconn 512
  tune.ssl.default-dh-param 2048
defaults
  retries 0
  timeout connect 3s
  timeout client 20s
  timeout server 20s
${sections}
`,
  );
  return rig.start({ name, place, argv: ['haproxy', '-db', '-f', config], answers: connecting(listen) });
}

function connecting({ address, port }: Listen): readonly string[] {
  return ['bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
}
