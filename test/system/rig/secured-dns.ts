// Owns a BIND that serves a zone over UDP, TCP, TLS and HTTPS, and that answers over UDP only to those who show its cookie.
import type { DnsAddress, Zone } from './dns.ts';
import { freePort } from './ports.ts';
import { HERE, type Rig } from './rig.ts';

export interface Secured extends DnsAddress {
  readonly tlsPort: number;
  readonly httpsPort: number;
}

/** Of 127.0.0.0/8 BIND listens on 127.0.0.1 alone. */
const ADDRESS = '127.0.0.1';

export async function startSecuredNamed(
  rig: Rig,
  zone: Zone,
  { chainFile, keyFile }: { readonly chainFile: string; readonly keyFile: string },
): Promise<Secured> {
  const [port, tlsPort, httpsPort] = [await freePort([ADDRESS]), await freePort([ADDRESS]), await freePort([ADDRESS])];
  const file = await rig.write('secured-named.zone', zone.text);
  const config = await rig.write(
    'secured-named.conf',
    `tls resolver { cert-file "${chainFile}"; key-file "${keyFile}"; };
http resolver { endpoints { "/dns-query"; }; };
options {
  directory "${rig.folder}";
  listen-on port ${port} { ${ADDRESS}; };
  listen-on port ${tlsPort} tls resolver { ${ADDRESS}; };
  listen-on port ${httpsPort} tls resolver http resolver { ${ADDRESS}; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${rig.folder}/secured-named.key";
  lock-file none;
  recursion no;
  dnssec-validation no;
  notify no;
  require-server-cookie yes;
};
controls { };
zone "${zone.name}" { type primary; file "${file}"; };
`,
  );
  const answers = [
    'sh',
    '-c',
    `dig @${ADDRESS} -p ${port} ${zone.name} SOA +tries=1 +time=1 | grep -q 'status: NOERROR'`,
  ];
  await rig.start({ name: `named ${ADDRESS}`, place: HERE, argv: ['named', '-g', '-n', '1', '-c', config], answers });
  return { address: ADDRESS, port, tlsPort, httpsPort };
}
