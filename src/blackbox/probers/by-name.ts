// Owns the list of probers by the word of the config, each loaded when a module first needs it.
import { openTcpInfo } from '../../net/tcp-info.ts';
import type { Prober as ProberName } from '../config/modules.ts';
import type { Prober } from '../probe.ts';

const LOAD: Readonly<Record<ProberName, () => Promise<Prober>>> = {
  tcp: async () => (await import('./tcp.ts')).probeTcp,
  unix: async () => (await import('./unix.ts')).probeUnix,
  http: async () => {
    const [{ probeHttp }] = await Promise.all([import('./http.ts'), openTcpInfo()]);
    return probeHttp;
  },
  dns: async () => (await import('./dns.ts')).probeDns,
  icmp: async () => (await import('./icmp.ts')).probeIcmp,
  grpc: async () => (await import('./grpc.ts')).probeGrpc,
  websocket: async () => (await import('./websocket.ts')).probeWebsocket,
};

/** Kept: to ask Node for a module that is loaded takes forty times as long as to look it up here. */
const loaded = new Map<ProberName, Prober>();

export async function proberOf(name: ProberName): Promise<Prober> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const prober = await LOAD[name]();
  loaded.set(name, prober);
  return prober;
}
