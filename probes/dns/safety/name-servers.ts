// Owns what the servers of a zone do that they need not: recurse for strangers, and give the whole zone away.
// Never asks for a transfer unless the user wants to know.
import type { DnsName, IpAddress, WireText } from '../../../src/model/text.ts';
import { type Context, ofType } from '../ask.ts';
import type { ZoneEvidence } from '../evidence.ts';
import type { RecursionEvidence, TransferEvidence } from '../evidence-safety.ts';
import { askBriefly } from '../walk-bounds.ts';
import { topLevelOf } from './made-up.ts';

export interface Server {
  readonly server: WireText;
  readonly address: IpAddress;
}

/** Each address of the zone's servers that was asked, once. */
export function serversOf({ nameservers }: ZoneEvidence): readonly Server[] {
  const all = nameservers.flatMap(({ name, byAddress }) => byAddress.map(({ address }) => ({ server: name, address })));
  return all.filter((one, index) => all.findIndex(({ address }) => address === one.address) === index);
}

/** Only servers that offer recursion (RA=1) are asked to recurse, each once. */
export function lookForRecursion(context: Context, zone: ZoneEvidence): Promise<readonly RecursionEvidence[]> {
  const saying = zone.nameservers.flatMap(({ byAddress }) => byAddress).filter((one) => one.offersRecursion === true);
  const offering = serversOf(zone).filter((one) => saying.some(({ address }) => address === one.address));
  const asked = topLevelOf(zone.zone);
  if (asked === zone.zone) return Promise.resolve([]);
  return Promise.all(offering.map(async (one) => ({ ...one, asked, recurses: await recurses(context, one, asked) })));
}

/** Its top-level domain: the one zone that is not its own and that nobody minds being asked about. */
async function recurses(context: Context, { address }: Server, asked: DnsName): Promise<boolean | null> {
  const told = await askBriefly(context, address, { name: asked, type: 'SOA', recursionDesired: true });
  if (told.problem !== null) return told.problem.code === 'dns-refused' ? false : null;
  const { reply } = told;
  if (reply.authoritative) return null;
  return reply.recursionAvailable && ofType(reply.answers, 'SOA').length > 0;
}

/** Each server: one that guards the zone says nothing about the others. */
export function beginTransfers(context: Context, zone: ZoneEvidence): Promise<TransferEvidence[]> {
  return Promise.all(serversOf(zone).map((server) => beginTransfer(context, zone.zone, server)));
}

async function beginTransfer(
  { net, signal, options }: Context,
  zone: DnsName,
  server: Server,
): Promise<TransferEvidence> {
  const at = { address: server.address, port: options.authorityPort };
  const attempt = await net.dns.transfer(at, zone, signal);
  if (attempt.state === 'complete') {
    const { rcode, records } = attempt.value;
    return { ...server, state: records > 1 ? 'open' : 'refused', rcode, error: null, recordsSeen: records };
  }
  const error = attempt.state === 'failed' ? attempt.problem.code : 'cancelled';
  return { ...server, state: 'failed', rcode: null, error, recordsSeen: 0 };
}
