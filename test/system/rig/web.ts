// Owns the web daemons of a test: nginx, HAProxy, Varnish and Caddy, from configurations that the test writes.
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

/** @param vcl from the first `backend` on; it tells the addresses apart by `local.socket`, `a0` being the first */
export async function startVarnish(
  rig: Rig,
  place: Place,
  name: string,
  listens: readonly Listen[],
  vcl: string,
): Promise<Daemon> {
  const file = await rig.write(`${name}.vcl`, `vcl 4.1;\nimport std;\nimport directors;\n${vcl}\n`);
  const doors = listens.flatMap((listen, zone) => ['-a', `a${zone}=${at(listen)},HTTP`]);
  // Without jail: the folder of the test is no other user's to read.
  const argv = ['varnishd', '-F', '-j', 'none', '-n', `${rig.folder}/${name}-varnish`, '-f', file, ...doors];
  const small = ['-s', 'malloc,8m', '-p', 'thread_pool_min=5', '-p', 'thread_pools=1', '-p', 'vsl_space=1m'];
  const [first] = listens;
  if (first === undefined) throw new Error('no address to listen on');
  return rig.start({ name, place, argv: [...argv, ...small], answers: connecting(first) });
}

/** @param sites blocks of a Caddyfile */
export async function startCaddy(rig: Rig, place: Place, name: string, listen: Listen, sites: string): Promise<Daemon> {
  const options = '{\n  admin off\n  auto_https off\n  log {\n    output discard\n  }\n}\n';
  const file = await rig.write(`${name}.caddyfile`, `${options}${sites}\n`);
  const argv = ['caddy', 'run', '--adapter', 'caddyfile', '--config', file];
  return rig.start({ name, place, argv, answers: connecting(listen) });
}

/** @param lines inside the one virtual host */
export async function startApache(
  rig: Rig,
  place: Place,
  name: string,
  listen: Listen,
  lines: string,
): Promise<Daemon> {
  const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http'];
  const path = (file: string): string => `${rig.folder}/${name}-${file}`;
  const config = await rig.write(
    `${name}.conf`,
    `ServerRoot ${rig.folder}
ServerName ${listen.address}
PidFile ${path('pid')}
ErrorLog ${path('error.log')}
DefaultRuntimeDir ${rig.folder}
${modules.map((module) => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`).join('\n')}
Listen ${at(listen)}
<VirtualHost ${at(listen)}>
${lines}
</VirtualHost>
`,
  );
  const argv = ['apache2', '-f', config, '-DFOREGROUND'];
  return rig.start({ name, place, argv, answers: connecting(listen) });
}

/** Passes everything on to one host, `ADDR:PORT`. */
export async function startLighttpd(
  rig: Rig,
  place: Place,
  name: string,
  listen: Listen,
  host: string,
): Promise<Daemon> {
  const [address = '', port = ''] = host.split(':');
  const config = await rig.write(
    `${name}.conf`,
    `server.document-root = "${rig.folder}"
server.bind = "${listen.address}"
server.port = ${listen.port}
server.modules = ("mod_proxy")
proxy.server = ("" => (("host" => "${address}", "port" => ${port})))
`,
  );
  return rig.start({ name, place, argv: ['lighttpd', '-D', '-f', config], answers: connecting(listen) });
}

function connecting({ address, port }: Listen): readonly string[] {
  return ['bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
}
