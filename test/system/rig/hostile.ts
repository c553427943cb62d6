// Owns a TLS service that sends hostile text wherever it can: subject of its certificate, header fields, body.
// Never depends on the product's own world or certificates.
import { createServer, type TLSSocket } from 'node:tls';
import type { Pki } from './pki.ts';
import { portOf } from './ports.ts';
import type { Rig } from './rig.ts';
import type { Listen } from './web.ts';

/** Erases the screen, and sets the title of the terminal. ECMA-48 8.3.39; xterm, control sequences. */
const ESCAPES = '\u001b[2J\u001b]0;owned\u0007';
/** Turns the text around: Unicode TR 9. */
const BIDI = '\u202egpj.exe\u2066';

/** What a page that lets it through would do: take over the title, and fetch an image. */
export function hostileMarkup(image: string): string {
  const run = "document.title='owned'";
  return `"'><script>${run}</script></style><img src=${image} onerror="${run}"><svg onload="${run}"><a href="javascript:${run}">`;
}

export interface Hostile {
  readonly listen: Listen;
  /** Arguments that ride it: four requests, two of them with answers that HTTP does not allow. */
  readonly args: readonly string[];
  readonly zone: string;
}

/** @param image URL of a server that counts who comes */
export async function startHostile(rig: Rig, pki: Pki, address: string, image: string): Promise<Hostile> {
  const markup = hostileMarkup(image);
  const leaf = await pki.leaf('leaf-hostile', { organization: `<script>document.title='owned'</script>${BIDI}` });
  const server = createServer({ cert: leaf.certificatePem + pki.lower.certificatePem, key: leaf.keyPem });
  let served = 0;
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    const text = `${markup}${BIDI}${served++ % 2 === 0 ? '' : ESCAPES}`;
    socket.once('data', () => socket.end(answerOf(text)));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  rig.defer(() => new Promise((resolve) => server.close(() => resolve())));
  const listen = { address, port: portOf(server) };
  // A zone is named by a person: quotes, backslashes and line ends are what the exposition format escapes.
  const zone = `a\\"${markup}\n`;
  const where = ['kms.test', '--connect', `${address}:${listen.port}=${zone}`, '--ca-file', pki.rootFile];
  // It answers every other connection so: handshakes beside the ride would take turns with the samples.
  return { listen, zone, args: [...where, '-n', '4', '--rate', '50', '--http', '1.1', '--no-tls-survey'] };
}

/** Written by hand: node:http would refuse to send it. */
function answerOf(text: string): Buffer {
  const names = ['server', 'via', 'x-served-by', 'server-timing', 'www-authenticate', 'ratelimit-policy', 'set-cookie'];
  const fields = names.map((name) => `${name}: ${text}\r\n`).join('');
  const body = Buffer.from(text);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 503 ${text}\r\n${fields}Content-Length: ${body.byteLength}\r\n\r\n`),
    body,
  ]);
}
