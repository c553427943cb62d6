// Owns zones as data for this probe's tests, and how an authority and a resolver answer from them.
import type { Answer, StringAnswer } from 'dns-packet';
import { AA, type Asked, type Respond, reply, soa } from '../../../src/net/dns/test/servers.ts';

export interface Zone {
  readonly zone: string;
  readonly serial?: number;
  readonly records: readonly StringAnswer[];
}

export const ns = (name: string, data: string): StringAnswer => ({ type: 'NS', name, ttl: 300, data });
export const a = (name: string, data: string, ttl = 60): StringAnswer => ({ type: 'A', name, ttl, data });
export const aaaa = (name: string, data: string, ttl = 60): StringAnswer => ({ type: 'AAAA', name, ttl, data });
export const cname = (name: string, data: string, ttl = 60): StringAnswer => ({ type: 'CNAME', name, ttl, data });

/** RFC 1034 4.3.2 over the zones given: aliases followed as far as these zones go. */
function answerFrom(zones: readonly Zone[], asked: Asked, flags: number): Buffer {
  const answers: Answer[] = [];
  let name = asked.name.toLowerCase();
  for (;;) {
    const zone = zones.filter((one) => within(name, one.zone)).toSorted((x, y) => y.zone.length - x.zone.length)[0];
    if (zone === undefined) return reply(asked, answers.length > 0 ? { flags, answers } : { rcode: 'REFUSED' });
    const apex = soa(zone.zone, zone.serial ?? 1);
    const here = [...zone.records, ...(name === zone.zone ? [apex] : [])].filter((one) => one.name === name);
    const wanted = here.filter((one) => one.type === asked.type);
    answers.push(...wanted);
    if (wanted.length > 0) return reply(asked, { flags, answers });
    const alias = here.find((one): one is StringAnswer => one.type === 'CNAME');
    if (alias === undefined || answers.includes(alias)) {
      const exists = name === zone.zone || zone.records.some((one) => within(one.name, name));
      return reply(asked, { flags, answers, authorities: [apex], rcode: exists ? 'NOERROR' : 'NXDOMAIN' });
    }
    answers.push(alias);
    name = alias.data;
  }
}

function within(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

export function authority(...zones: readonly Zone[]): Respond {
  return (asked) => answerFrom(zones, asked, AA);
}

/** As a resolver with TTLs counted down by 7 seconds. */
export function resolver(...zones: readonly Zone[]): Respond {
  const aged = zones.map((zone) => ({
    ...zone,
    records: zone.records.map((one) => ({ ...one, ttl: Math.max(0, (one.ttl ?? 0) - 7) })),
  }));
  return (asked) => answerFrom(aged, asked, 0);
}
