// Owns the list of probers by the word of the config, each loaded when a module first needs it.
import type { Prober as ProberName } from '../config/modules.ts';
import type { Prober } from '../probe.ts';

export const probers: Readonly<Record<ProberName, () => Promise<Prober>>> = {
  tcp: async () => (await import('./tcp.ts')).probeTcp,
  unix: async () => (await import('./unix.ts')).probeUnix,
  http: async () => (await import('./http.ts')).probeHttp,
  dns: async () => (await import('./dns.ts')).probeDns,
  icmp: notYet('icmp'),
  grpc: notYet('grpc'),
  websocket: notYet('websocket'),
};

function notYet(name: ProberName): () => Promise<Prober> {
  return async () =>
    async ({ log }) => {
      log.error(`the prober ${name} is not there yet`);
      return false;
    };
}
