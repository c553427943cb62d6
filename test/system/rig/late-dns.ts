// Owns a name server that is slow: hands each datagram to another server, and its answer back later.
// node late-dns.ts ADDRESS PORT BEHIND_ADDRESS BEHIND_PORT DELAY_MS
import { createSocket } from 'node:dgram';

const [address = '', port = '', behind = '', behindPort = '', delayMs = ''] = process.argv.slice(2);
const server = createSocket('udp4');
server.on('message', (question, from) => {
  const onward = createSocket('udp4');
  onward.on('error', () => onward.close());
  onward.once('message', (answer) => {
    onward.close();
    setTimeout(() => server.send(answer, from.port, from.address), Number(delayMs));
  });
  onward.send(question, Number(behindPort), behind);
});
server.bind(Number(port), address);
