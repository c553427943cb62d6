// Owns a room for /probe in tests: a config as text, names that resolve to this machine, a clock that stands still.
import type { AddressInfo, Server } from 'node:net';
import { readBlackboxConfig } from '../config/read.ts';
import { type Answer, answerProbe, type ProbeRoom } from '../handler.ts';
import { openHistory } from '../history.ts';

export const NAMES: Readonly<Record<string, readonly string[]>> = {
  'here.example': ['127.0.0.1'],
  'both.example': ['::1', '127.0.0.1'],
};

export function roomOf(config: string, given: Partial<ProbeRoom> = {}): ProbeRoom {
  return {
    config: readBlackboxConfig(config),
    history: openHistory(10),
    resolve: async (name, family) => {
      const found = (NAMES[name] ?? []).filter((one) => family === null || one.includes(':') === (family === 6));
      if (found.length === 0) throw new Error(`lookup ${name}: no such host`);
      return found;
    },
    allows: () => null,
    rootsPem: null,
    wallClockMs: () => 0,
    userAgent: 'Blackbox-Exporter/test',
    quirks: true,
    env: {},
    timeoutOffsetSeconds: 0.5,
    logLevel: 'debug',
    networks: null,
    onUnknownModule: () => undefined,
    onFlap: () => undefined,
    signal: new AbortController().signal,
    ...given,
  };
}

/** The debug page of a probe: its log and its metrics. */
export async function probed(room: ProbeRoom, module: string, target: string, more = {}): Promise<string> {
  const query = new URLSearchParams({ module, target, debug: 'true', ...more });
  const answer: Answer = await answerProbe({ query, scrapeTimeout: undefined, exposition: 'text' }, room);
  return answer.body;
}

/** Value of a series on such a page, by its whole name with labels; null where it is not there. */
export function valueOf(page: string, series: string): number | null {
  const line = page.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

/** @returns its port on 127.0.0.1 */
export async function listening(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** `phase reason fault` of a failed probe; null where nothing is said. */
export function failureIn(page: string): string | null {
  const found = /^probe_failure_info\{fault="([^"]*)",phase="([^"]*)",reason="([^"]*)"\} 1$/m.exec(page);
  return found === null ? null : `${found[2]} ${found[3]} ${found[1]}`;
}
