// Owns which keys are believed without asking: the root's as IANA publishes them, or those of a file in master-file form.
// Verifies nothing.
import { type DnsName, dnsName } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';

export type TrustAnchor = { readonly zone: DnsName | '.' } & (
  | {
      readonly type: 'DS';
      readonly tag: number;
      readonly algorithm: number;
      readonly digestType: number;
      readonly digest: Buffer;
    }
  | { readonly type: 'DNSKEY'; readonly data: Buffer }
);

/** KSK-2017 and KSK-2024 of https://data.iana.org/root-anchors/root-anchors.xml, as Debian's package dns-root-data has them. */
const ROOT = `
. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
`;

const FORM = 'write each on one line: . IN DS 20326 8 2 E06D... or . IN DNSKEY 257 3 8 AwEAA...';

/** More lines than any file of anchors needs. */
const MAX_ANCHORS = 64;

/**
 * Reads DS and DNSKEY lines (RFC 4034 2.2, 5.3), comments behind `;` left out; null stands for the root's own.
 * @throws UsageError that names the line
 */
export function readTrustAnchors(text: string | null): readonly TrustAnchor[] {
  const lines = (text ?? ROOT).split('\n').map((line) => line.replace(/;.*$/s, '').trim());
  const anchors = lines.flatMap((line, index) => (line === '' ? [] : [readLine(line, index + 1)]));
  if (anchors.length === 0) throw new UsageError('--trust-anchor: the file holds no anchor', FORM);
  if (anchors.length > MAX_ANCHORS) throw new UsageError(`--trust-anchor: more than ${MAX_ANCHORS} anchors`, null);
  return anchors;
}

function readLine(line: string, number: number): TrustAnchor {
  // TTL and class may stand before the type, in either order (RFC 1035 5.1).
  const [owner = '', ...words] = line.replace(/^(\S+)(\s+(\d+|IN)(?=\s)){1,2}/i, '$1').split(/\s+/);
  const zone = owner === '.' ? '.' : dnsName(owner);
  const type = (words[0] ?? '').toUpperCase();
  const [one = -1, two = -1, three = -1] = words
    .slice(1, 4)
    .map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : -1));
  const tail = words.slice(4).join('');
  const fits = zone !== null && one >= 0 && one <= 0xffff && two >= 0 && two <= 255 && three >= 0 && three <= 255;
  if (fits && type === 'DS' && /^([0-9a-f]{2})+$/i.test(tail)) {
    return { zone, type, tag: one, algorithm: two, digestType: three, digest: Buffer.from(tail, 'hex') };
  }
  if (fits && type === 'DNSKEY' && two === 3 && /^[0-9a-z+/]+=*$/i.test(tail)) {
    const head = Buffer.from([one >> 8, one & 0xff, two, three]);
    return { zone, type, data: Buffer.concat([head, Buffer.from(tail, 'base64')]) };
  }
  throw new UsageError(`--trust-anchor: line ${number} is no DS or DNSKEY record`, FORM);
}
