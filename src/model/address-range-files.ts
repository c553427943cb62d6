// Owns reading the lists of address ranges that clouds and registries' readers publish, each by its own shape.
// Never fetches one, and never takes a row that is not of its shape: a file without any good row is refused.
import type { AddressTable, Place } from './address-ranges.ts';
import { familyOf, ipAddress } from './target.ts';
import { type IpAddress, visible, wireText } from './text.ts';
import { UsageError } from './usage-error.ts';

const KNOWN =
  'give AWS ip-ranges.json, Google cloud.json or goog.json, Azure ServiceTags_*.json, Cloudflare ips-v4 or ips-v6, Fastly public-ip-list, ' +
  'Oracle public_ip_ranges.json, GitHub meta, a plain list of prefixes named after whose they are, a table of iptoasn.com (TSV), or one of pyasn (.dat)';

/**
 * Puts what the text of one file says into the table.
 * @param name of the file, for messages
 * @throws UsageError when it is none of the lists known here
 */
export function readAddressRanges(text: string, name: string, table: AddressTable): void {
  const rows = text.trimStart().startsWith('{') ? readJson(text, name, table) : readLines(text, name, table);
  if (rows === 0) throw new UsageError(`--networks: ${name} holds no address range known here`, KNOWN);
}

type Fields = Readonly<Record<string, unknown>>;

function readJson(text: string, name: string, table: AddressTable): number {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? visible(error.message).slice(0, 200) : 'not JSON';
    throw new UsageError(`--networks: ${name} is not JSON: ${why}`, KNOWN);
  }
  const fields = fieldsOf(value);
  const { prefixes, ipv6_prefixes: ipv6, values, regions } = fields;
  let rows = addCloudflare(fieldsOf(fields['result']), table) + addFastly(fields, table) + addGithub(fields, table);
  for (const region of listOf(regions)) rows += addOracleRegion(region, table);
  for (const row of [...listOf(prefixes), ...listOf(ipv6)]) rows += addPrefix(row, table);
  for (const tag of listOf(values)) rows += addServiceTag(tag, table);
  return rows;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** A word of a list that may be printed: the files come from elsewhere. Null for anything else, and for the empty one. */
function word(value: unknown): string | null {
  return typeof value === 'string' && /^[\w .:()/-]{1,64}$/.test(value) ? value : null;
}

/** AWS: https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html. Google: https://cloud.google.com/vpc/docs/configure-private-google-access#ip-addr-defaults. */
function addPrefix(row: Fields, table: AddressTable): number {
  const amazon = row['ip_prefix'] ?? row['ipv6_prefix'];
  return amazon === undefined
    ? add(row['ipv4Prefix'] ?? row['ipv6Prefix'], googlePlace(row), table)
    : add(amazon, amazonPlace(row), table);
}

function amazonPlace(row: Fields): Place {
  const [service, region, border] = [word(row['service']), word(row['region']), word(row['network_border_group'])];
  return {
    operator: 'AWS',
    service: service === 'AMAZON' ? null : service,
    region: region === 'GLOBAL' ? 'global' : region,
    zone: border === region || border === 'GLOBAL' ? null : border,
  };
}

/** goog.json has neither service nor scope: all of Google, its cloud included. */
function googlePlace(row: Fields): Place {
  return { operator: 'Google', service: word(row['service']), region: word(row['scope']), zone: null };
}

/** https://learn.microsoft.com/azure/virtual-network/service-tags-overview#discover-service-tags-by-using-downloadable-json-files */
function addServiceTag(tag: Fields, table: AddressTable): number {
  const properties = fieldsOf(tag['properties']);
  const [name] = (word(tag['name']) ?? '').split('.');
  const service = name === undefined || name === '' || name === 'AzureCloud' ? null : name;
  const place = { operator: 'Microsoft Azure', service, region: word(properties['region']), zone: null };
  return addAll(properties['addressPrefixes'], place, table);
}

/** Edges that announce every prefix from every place of theirs. */
const everywhere = (operator: string): Place => ({ operator, service: null, region: 'global', zone: null });

/** https://developers.cloudflare.com/api/resources/ips/: the same prefixes as in the plain lists. */
function addCloudflare({ ipv4_cidrs: ipv4, ipv6_cidrs: ipv6 }: Fields, table: AddressTable): number {
  return addAll(ipv4, everywhere('Cloudflare'), table) + addAll(ipv6, everywhere('Cloudflare'), table);
}

/** https://www.fastly.com/documentation/reference/api/utils/public-ip-list/ */
function addFastly({ addresses, ipv6_addresses: ipv6 }: Fields, table: AddressTable): number {
  return addAll(addresses, everywhere('Fastly'), table) + addAll(ipv6, everywhere('Fastly'), table);
}

/** https://docs.oracle.com/iaas/Content/General/Concepts/addressranges.htm. OCI: its customers' networks; OSN: its own services, of which the next tag says which. */
function addOracleRegion(row: Fields, table: AddressTable): number {
  const region = word(row['region']);
  let rows = 0;
  for (const { cidr, tags } of listOf(row['cidrs'])) {
    const named = (Array.isArray(tags) ? tags.map(word) : []).filter((tag) => tag !== null && tag !== 'OCI');
    const service = named.find((tag) => tag !== 'OSN') ?? named[0] ?? null;
    rows += add(cidr, { operator: 'Oracle Cloud', service, region, zone: null }, table);
  }
  return rows;
}

/** What GitHub itself serves from its addresses, the likeliest first. Runners (`actions`) are left out: they stand in other clouds' ranges. */
const GITHUB_SERVICES = ['pages', 'web', 'api', 'git', 'packages', 'hooks'];

/** https://docs.github.com/rest/meta/meta#get-github-meta-information */
function addGithub(fields: Fields, table: AddressTable): number {
  let rows = 0;
  for (const service of GITHUB_SERVICES)
    rows += addAll(fields[service], { operator: 'GitHub', service, region: null, zone: null }, table);
  return rows;
}

function addAll(prefixes: unknown, place: Place, table: AddressTable): number {
  let rows = 0;
  for (const prefix of Array.isArray(prefixes) ? prefixes : []) rows += add(prefix, place, table);
  return rows;
}

function add(prefix: unknown, place: Place, table: AddressTable): number {
  const read = typeof prefix === 'string' ? readPrefix(prefix) : null;
  if (read === null) return 0;
  table.addPlace(read.address, read.bits, place);
  return 1;
}

/** `192.0.2.0/24`, `2001:db8::/32`. Null for anything else. RFC 4632 3.1 */
export function readPrefix(text: string): { readonly address: IpAddress; readonly bits: number } | null {
  const slash = text.indexOf('/');
  const address = slash < 0 ? null : ipAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === null || !/^\d{1,3}$/.test(length)) return null;
  const bits = Number(length);
  return bits <= (familyOf(address) === 4 ? 32 : 128) ? { address, bits } : null;
}

/**
 * iptoasn.com: `START END ASN COUNTRY NAME`. pyasn: `PREFIX ASN`, comments after `;`. Tabs between the fields; AS 0 is nobody's. A line of one prefix
 * alone, comments after `#`, is of whom the file is named after.
 */
function readLines(text: string, name: string, table: AddressTable): number {
  const place = ownerOf(name);
  const systems = new Map<number, ReturnType<typeof systemOf>>();
  let rows = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
    rows += line.includes('\t') ? addLine(line, table, systems) : add(line.replace(/#.*/, '').trim(), place, table);
  }
  return rows;
}

/** Cloudflare's are ips-v4 and ips-v6 (https://www.cloudflare.com/ips/). */
function ownerOf(name: string): Place {
  const base = (name.split(/[\\/]/).at(-1) ?? '').replace(/\.[a-z]{1,4}$/i, '');
  return /^ips-v[46]$/.test(base)
    ? everywhere('Cloudflare')
    : { operator: word(base) ?? 'unnamed list', service: null, region: null, zone: null };
}

function addLine(line: string, table: AddressTable, systems: Map<number, ReturnType<typeof systemOf>>): number {
  const [first = '', second = '', third, , name] = line.trimEnd().split('\t');
  const isRange = third !== undefined;
  const asn = Number(/^\d{1,10}$/.test(isRange ? third : second) ? (isRange ? third : second) : Number.NaN);
  if (!(asn >= 0 && asn < 2 ** 32)) return 0;
  const known = systems.get(asn) ?? systemOf(asn, name);
  systems.set(asn, known);
  if (!isRange) {
    const prefix = readPrefix(first);
    if (prefix === null) return 0;
    if (asn > 0) table.addSystem(prefix.address, prefix.bits, known);
    return 1;
  }
  const [start, end] = [ipAddress(first), ipAddress(second)];
  if (start === null || end === null || familyOf(start) !== familyOf(end)) return 0;
  if (asn > 0) table.addSystemRange(start, end, known);
  return 1;
}

function systemOf(asn: number, name: string | undefined) {
  return { asn, name: name === undefined || name === '' ? null : wireText(name, 80) };
}
