// Owns the packets of the connections to one port, as tcpdump stamps them, and what the phases of a sample are by them. Needs root.
// Never counts on order beyond that of the SYNs: that is the order in which samples were begun.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Packet {
  readonly atMs: number;
  readonly ours: boolean;
  readonly flags: string;
  readonly bytes: number;
}

/** By the packets, ms; NaN for what is not there. */
export interface Phases {
  readonly connect: number;
  readonly tls: number;
  readonly wait: number;
}

export interface Capture {
  /** Of each connection that has come so far, in the order of the SYNs. */
  phases(): readonly Phases[];
  stop(): Promise<void>;
}

const LINE = /^(\d+\.\d+) IP \S+\.(\d+) > \S+\.(\d+): Flags \[([^\]]+)\].* length (\d+)/;
/** Of the kernel's ring, KiB: hundreds of connections at once. */
const RING = '65536';

interface Where {
  readonly address: string;
  readonly port: number;
}

/** @param tool path of tcpdump; @throws Error when it does not listen */
export async function capture(tool: string, { address, port }: Where): Promise<Capture> {
  const filter = [
    '-i',
    'lo',
    '-n',
    '-tt',
    '--nano',
    '-l',
    '-B',
    RING,
    'tcp',
    'port',
    `${port}`,
    'and',
    'host',
    address,
  ];
  const child = spawn(tool, filter, { stdio: ['ignore', 'pipe', 'pipe'] });
  const byPort = new Map<number, Packet[]>();
  createInterface({ input: child.stdout }).on('line', (line) => note(byPort, line, port));
  for await (const line of createInterface({ input: child.stderr })) if (line.includes('listening on')) break;
  return {
    phases: () => [...byPort.values()].filter(([first]) => first?.ours === true && first.flags === 'S').map(phasesOf),
    async stop() {
      child.kill('SIGINT');
      await once(child, 'close');
    },
  };
}

function note(byPort: Map<number, Packet[]>, line: string, port: number): void {
  const [, at, from, to, flags = '', length] = LINE.exec(line) ?? [];
  if (at === undefined) return;
  const ours = Number(to) === port;
  const key = Number(ours ? from : to);
  const packets = byPort.get(key) ?? [];
  byPort.set(key, packets);
  const [seconds = '', fraction = ''] = at.split('.');
  const atMs = Number(seconds.slice(-5)) * 1000 + Number(`0.${fraction}`) * 1000;
  packets.push({ atMs, ours, flags, bytes: Number(length) });
}

/** TLS 1.3: hello out to the last of the server's flight; all of the request out to the answer, which is one packet and the server's last. */
function phasesOf(packets: readonly Packet[]): Phases {
  const at = (packet: Packet | undefined): number => packet?.atMs ?? Number.NaN;
  // Behind our end there is the server's farewell.
  const end = packets.findIndex(({ ours, flags }) => ours && /[FR]/.test(flags));
  const data = packets.slice(0, end < 0 ? packets.length : end).filter(({ bytes }) => bytes > 0);
  const hello = data.find(({ ours }) => ours);
  const reply = data.findIndex(({ ours }) => !ours);
  const second = data.findIndex(({ ours }, index) => ours && index > reply);
  const answer = data.findLast(({ ours }) => !ours);
  const request = data.findLast(({ ours, atMs }) => ours && atMs < at(answer));
  const [syn, synAck] = [packets.find(({ flags }) => flags === 'S'), packets.find(({ flags }) => flags === 'S.')];
  return { connect: at(synAck) - at(syn), tls: at(data[second - 1]) - at(hello), wait: at(answer) - at(request) };
}
