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
  /** Sequence number of its first byte; null of a packet without. */
  readonly seq: string | null;
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

const LINE = /^(\d+\.\d+) IP \S+\.(\d+) > \S+\.(\d+): Flags \[([^\]]+)\](?:, seq (\d+))?.* length (\d+)/;
/** Of the kernel's ring, KiB: hundreds of connections at once. */
const RING = '65536';
/** Bytes of each packet: headers say lengths. The ring is cut into places of this size, so that whole packets would leave room for few. */
const SNAPSHOT = '128';

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
    '-s',
    SNAPSHOT,
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
    phases: () => phasesOfAll(byPort),
    async stop() {
      child.kill('SIGINT');
      await once(child, 'close');
    },
  };
}

/** Of lines as tcpdump prints them with `-tt -n`. */
export function phasesOfLines(lines: readonly string[], port: number): readonly Phases[] {
  const byPort = new Map<number, Packet[]>();
  for (const line of lines) note(byPort, line, port);
  return phasesOfAll(byPort);
}

function phasesOfAll(byPort: ReadonlyMap<number, readonly Packet[]>): readonly Phases[] {
  return [...byPort.values()].filter(([first]) => first?.ours === true && first.flags === 'S').map(phasesOf);
}

function note(byPort: Map<number, Packet[]>, line: string, port: number): void {
  const [, at, from, to, flags = '', seq = null, length] = LINE.exec(line) ?? [];
  if (at === undefined) return;
  const ours = Number(to) === port;
  const key = Number(ours ? from : to);
  const packets = byPort.get(key) ?? [];
  byPort.set(key, packets);
  const [seconds = '', fraction = ''] = at.split('.');
  const atMs = Number(seconds.slice(-5)) * 1000 + Number(`0.${fraction}`) * 1000;
  packets.push({ atMs, ours, flags, bytes: Number(length), seq });
}

/** TLS 1.3: hello out to the last of the server's flight; all of the request out to the answer, which is one packet and the server's last. */
function phasesOf(packets: readonly Packet[]): Phases {
  const at = (packet: Packet | undefined): number => packet?.atMs ?? Number.NaN;
  // Behind our end there is the server's farewell.
  const end = packets.findIndex(({ ours, flags }) => ours && /[FR]/.test(flags));
  const data = firstsOf(packets.slice(0, end < 0 ? packets.length : end).filter(({ bytes }) => bytes > 0));
  const hello = data.find(({ ours }) => ours);
  const reply = data.findIndex(({ ours }) => !ours);
  const second = data.findIndex(({ ours }, index) => ours && index > reply);
  const answer = data.findLast(({ ours }) => !ours);
  const request = data.findLast(({ ours, atMs }) => ours && atMs < at(answer));
  const [syn, synAck] = [packets.find(({ flags }) => flags === 'S'), packets.find(({ flags }) => flags === 'S.')];
  return { connect: at(synAck) - at(syn), tls: at(data[second - 1]) - at(hello), wait: at(answer) - at(request) };
}

/** Without what was sent again: a probe of the tail (RFC 8985 7) comes two jiffies after its like where acknowledgements are slow. */
function firstsOf(packets: readonly Packet[]): readonly Packet[] {
  const seen = new Set<string>();
  return packets.filter(({ ours, seq }) => {
    const name = `${ours} ${seq}`;
    const isFirst = !seen.has(name);
    seen.add(name);
    return isFirst;
  });
}
