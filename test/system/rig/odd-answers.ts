// Owns a server that answers in HTTP/1 as few do, byte by byte, by the path that is asked for; and one path that says how it was asked.
import { createServer, type Server } from 'node:net';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n`;
const MOVED = 'HTTP/1.1 302 Found\r\nLocation: ';

/** Each ends with the connection. */
const ANSWERS = {
  '/cut': `${OK}Content-Length: 100\r\n\r\nabc`,
  '/cut-chunk': `${CHUNKED}\r\n3\r\nabc\r\n5\r\nab`,
  '/bad-chunk': `${CHUNKED}\r\n3\r\nabc\r\nzz\r\n`,
  '/chunks-and-length': `${CHUNKED}Content-Length: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  '/long-extension': `${CHUNKED}\r\n3;x=${'y'.repeat(500)}\r\nabc\r\n0\r\nX: ${'y'.repeat(500)}\r\n\r\n`,
  '/coding': `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  '/old-chunks': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabc',
  '/lengths': `${OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
  '/other-lengths': `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  '/204': 'HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n',
  '/101': 'HTTP/1.1 101 Other\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc',
  '/099': 'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n',
  '/early': `HTTP/1.1 103 Early\r\nLink: a\r\n\r\n${OK}Content-Length: 3\r\n\r\nabc`,
  '/lines': 'HTTP/1.1 200\nContent-Length: 3\n\nabc',
  '/no-field': `${OK}Xabc\r\n\r\n`,
  '/cut-redirect': `${MOVED}/early\r\nContent-Length: 100\r\n\r\nabc`,
  '/to-ftp': `${MOVED}ftp://x/\r\nContent-Length: 0\r\n\r\n`,
  '/to-nowhere': `${MOVED}http://[::1\r\nContent-Length: 0\r\n\r\n`,
} as const;

export const PATHS = Object.keys(ANSWERS) as readonly (keyof typeof ANSWERS)[];

export function oddAnswers(): Server {
  return createServer((socket) => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      head += data.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const path = / (\S+) /.exec(head)?.[1] ?? '';
      const told = ANSWERS[path as keyof typeof ANSWERS];
      // A body that never ends, and the head as it came, its lines in one: but for the versions, which are each program's own.
      if (path === '/endless') socket.write(ANSWERS['/cut']);
      else
        socket.end(
          told ?? `${OK}Connection: close\r\n\r\n${head.replace(/Blackbox[^\r]*/, 'it').replaceAll('\r\n', '|')}`,
          'latin1',
        );
    });
  });
}
