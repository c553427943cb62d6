// Owns asking who keeps the record, where ExternalDNS does: it leaves its owner and the resource beside each record (TXT registry).
// Asked only with `mailRecords` (-v). Never takes another TXT record for one of these.
import { capture, type DnsName, dnsName, matches, type WireText } from '../../src/model/text.ts';
import { askResolvers, type Context, ofType } from './ask.ts';
import type { ExternalDnsEvidence } from './evidence.ts';

/** Before the name since v0.12, by the type of the record that is kept; without one before v0.18. */
const PREFIXES = ['a-', 'aaaa-', 'cname-', ''];

const HERITAGE = /^"?heritage=external-dns(?:,|"?$)/;
const OWNER = /[,"]external-dns\/owner=([^,"]{1,128})/;
const RESOURCE = /[,"]external-dns\/resource=([^,"]{1,256})/;

/** At the apex the marked name would be another domain's (`a-kms.example`): there only the name itself is asked. */
export async function askExternalDns(context: Context, zone: DnsName | null): Promise<ExternalDnsEvidence[]> {
  const host = context.target.host as DnsName;
  const prefixes = zone === null || zone === host ? [''] : PREFIXES;
  const told = await Promise.all(prefixes.map((prefix) => askAt(context, dnsName(`${prefix}${host}`))));
  return told.flat();
}

async function askAt(context: Context, name: DnsName | null): Promise<ExternalDnsEvidence[]> {
  if (name === null) return [];
  const { reply } = await askResolvers(context, name, 'TXT');
  const texts = ofType(reply?.answers ?? [], 'TXT').flatMap(({ text }) => text);
  return texts.flatMap((text) => read(name, text)).slice(0, 1);
}

/** `heritage=external-dns,external-dns/owner=ID,external-dns/resource=KIND/NAMESPACE/NAME`, in quotes of its own. */
function read(name: DnsName, text: WireText): ExternalDnsEvidence[] {
  if (!matches(text, HERITAGE)) return [];
  return [{ name, owner: capture(text, OWNER), resource: capture(text, RESOURCE) }];
}
