// Owns an HTTP server that thinks for a while before each answer: node slow-upstream.ts ADDRESS PORT DELAY_MS.
import { createServer } from 'node:http';

const [address = '', port = '', delayMs = ''] = process.argv.slice(2);
createServer((_request, response) => {
  setTimeout(() => response.end('thought about it\n'), Number(delayMs));
}).listen(Number(port), address);
