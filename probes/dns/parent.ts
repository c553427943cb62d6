// Owns what the servers of a zone say of the zone that they delegate: the referral of the first, and what the others say instead.
// Judges nothing.
import type { DnsName } from '../../src/model/text.ts';
import type { Heard } from './ask-upper.ts';
import type { ParentEvidence, ParentViewEvidence } from './evidence.ts';
import type { Referral } from './referral.ts';
import type { Walk } from './walk-bounds.ts';

/** The referral with the DS set, which the same server is asked for beside the rest of the walk (RFC 4034 5). */
export async function parentFrom(
  walk: Walk,
  zone: DnsName,
  { server, direction }: Heard & { readonly direction: Referral },
  heard: Promise<readonly Heard[]>,
): Promise<ParentEvidence> {
  const { names, ttlSeconds, glue } = direction;
  const told = await walk.ask(server.address, { name: direction.zone, type: 'DS', recursionDesired: false });
  const answers = told.reply?.authoritative === true ? told.reply.answers : null;
  const others = (await heard).filter((one) => one.server.address !== server.address);
  return {
    zone,
    server: { name: server.name, address: server.address },
    nameservers: [...names],
    ttlSeconds,
    glue: glue.map((one) => ({ ...one })),
    dsCount: answers?.filter((record) => record.type === 'other' && record.typeName === 'DS').length ?? null,
    others: others.flatMap((one) => viewOf(zone, one)),
  };
}

/** Nothing for servers that did not answer, or not for their own zone: these are told among that zone's. */
function viewOf(parent: DnsName, { server, direction }: Heard): readonly ParentViewEvidence[] {
  const told = { server: { name: server.name, address: server.address }, nameservers: [], glue: [] };
  switch (direction.kind) {
    case 'referral': {
      const { zone, names, glue } = direction;
      return [{ ...told, says: 'refers', zone, nameservers: [...names], glue: glue.map((one) => ({ ...one })) }];
    }
    case 'end':
      return [{ ...told, says: direction.zone === parent ? 'denies' : 'serves', zone: direction.zone }];
    case 'astray':
    case 'nothing':
      return [];
  }
}
