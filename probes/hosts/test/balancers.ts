// Owns balancers as arithmetic, for simulations: each says which host takes the next request while others are under way. Sends nothing.
import type { Draws } from '../algorithm.ts';

export interface Balancer {
  /** @param load requests under way at each host */
  pick(load: readonly number[]): number;
}

type Draw = () => number;

export const roundRobin = (hosts: number): Balancer => {
  let at = 0;
  return { pick: () => at++ % hosts };
};

/** nginx's smooth weighted rotation. */
export const weighted = (weights: readonly number[]): Balancer => {
  const current = weights.map(() => 0);
  const total = weights.reduce((sum, each) => sum + each, 0);
  return {
    pick() {
      for (const [at, weight] of weights.entries()) current[at] = (current[at] ?? 0) + weight;
      const best = current.indexOf(Math.max(...current));
      current[best] = (current[best] ?? 0) - total;
      return best;
    },
  };
};

export const perWorker = (make: () => Balancer, workers: number, draw: Draw): Balancer => {
  const each = Array.from({ length: workers }, make);
  // Workers have been at it for a while.
  for (const one of each) for (let at = Math.floor(draw() * 50); at > 0; at--) one.pick([]);
  return { pick: (load) => each[Math.floor(draw() * workers)]?.pick(load) ?? 0 };
};

export const random = (shares: readonly number[], draw: Draw): Balancer => ({
  pick() {
    let left = draw() * shares.reduce((sum, each) => sum + each, 0);
    const at = shares.findIndex((share) => (left -= share) < 0);
    return at < 0 ? 0 : at;
  },
});

export const twoChoices = (hosts: number, draw: Draw): Balancer => ({
  pick(load) {
    const first = Math.floor(draw() * hosts);
    // Two that are not the same, as nginx draws them.
    const second = (first + 1 + Math.floor(draw() * (hosts - 1))) % hosts;
    return (load[second] ?? 0) < (load[first] ?? 0) ? second : first;
  },
});

export const leastConnections = (hosts: number): Balancer => {
  const turns = roundRobin(hosts);
  return {
    pick(load) {
      const least = Math.min(...load);
      for (let tries = 0; tries < hosts; tries++) {
        const at = turns.pick(load);
        if (load[at] === least) return at;
      }
      return 0;
    },
  };
};

export const always = (host: number): Balancer => ({ pick: () => host });

export interface Load {
  readonly hosts: number;
  readonly serial: number;
  /** How many bursts of twice the hosts; none when 0. */
  readonly bursts: number;
  readonly holds: number;
  /** On average between two of ours. */
  readonly foreign: number;
}

/** What a ride would see of it. */
export function drawsFrom(balancer: Balancer, { hosts, serial, bursts, holds, foreign }: Load, draw: Draw): Draws {
  const idle = Array.from({ length: hosts }, () => 0);
  const others = (mean: number): void => {
    for (let left = Math.exp(-mean), product = draw(); product > left; product *= draw()) balancer.pick(idle);
  };
  const one = (load: readonly number[]): number => {
    others(foreign);
    return balancer.pick(load);
  };
  return {
    serial: Array.from({ length: serial }, () => one(idle)),
    bursts: Array.from({ length: bursts }, () => {
      others(foreign);
      const load = [...idle];
      return Array.from({ length: 2 * hosts }, () => {
        // A burst is short: few others come within it.
        others(foreign / 20);
        const at = balancer.pick(load);
        load[at] = (load[at] ?? 0) + 1;
        return at;
      });
    }),
    holds: Array.from({ length: holds }, () => {
      const host = one(idle);
      const load = idle.map((_, at) => (at === host ? 1 : 0));
      return { host, others: Array.from({ length: 3 * hosts }, () => one(load)) };
    }),
  };
}
