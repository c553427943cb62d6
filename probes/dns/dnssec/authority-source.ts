// Owns asking the zones' own servers for signed data, where the resolver passes none on: each question once, of one zone's servers in turn.
// Judges nothing, and asks only servers that were met before.
import type { DnsName, IpAddress } from '../../../src/model/text.ts';
import type { Context } from '../ask.ts';
import type { ZoneEvidence } from '../evidence.ts';
import { encloses } from '../referral.ts';
import { askBriefly } from '../walk-bounds.ts';
import { parentOf, type ZoneName } from './names.ts';
import { rememberedSource, type SignedType, type Source } from './source.ts';

/** Servers of one zone that are tried for one question. */
const MAX_TRIES = 2;

export function openAuthoritySource(context: Context, zones: readonly ZoneEvidence[]): Source {
  return rememberedSource(async (name, type) => {
    for (const address of serversFor(zones, name, type).slice(0, MAX_TRIES)) {
      const question = { name, type, recursionDesired: false, dnssec: true } as const;
      const { reply } = await askBriefly(context, address, question);
      if (context.signal.aborted) return { reply: null, because: 'cut-off' };
      if (reply?.authoritative === true && !(reply.truncated && reply.transport === 'udp'))
        return { reply, because: null };
    }
    return { reply: null, because: 'resolver-failed' };
  });
}

/**
 * A DS record stands above the cut (RFC 4035 2.4). Of the zones met that enclose the name, the lowest is asked: where its servers serve
 * the zone below too, so that no referral told of it, they have that one's keys as well.
 */
function serversFor(zones: readonly ZoneEvidence[], name: ZoneName, type: SignedType): readonly IpAddress[] {
  const from = type === 'DS' ? parentOf(name) : name;
  const depth = ({ zone }: ZoneEvidence) => (zone === '.' ? 0 : zone.split('.').length);
  const fit = from === null ? [] : zones.filter(({ zone }) => encloses(zone, from as DnsName));
  const lowest = fit.toSorted((a, b) => depth(b) - depth(a))[0];
  return lowest === undefined ? [] : servingAddresses(lowest);
}

/** Addresses that answered for the zone with authority, each once. */
export function servingAddresses({ nameservers }: ZoneEvidence): readonly IpAddress[] {
  const serving = nameservers.flatMap(({ byAddress }) =>
    byAddress.filter(({ authoritative }) => authoritative === true),
  );
  return [...new Set(serving.map(({ address }) => address))];
}
