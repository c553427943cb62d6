// Owns X.500 names: their text (RFC 4514), and the key by which two of them are the same (RFC 5280 7.1).
// Never says that the same name is the same issuer: only a signature does.
import { type WireText, wireText } from '../model/text.ts';
import { children, content, encoded, isSequence, type Node, oidOf, tag } from './der.ts';

/** RFC 4514 3, and the two that certificates carry besides. Others are written as dotted OIDs. */
const KEYWORDS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};
const MAX_PARTS = 64;
const MAX_VALUE = 256;
const MAX_NAME = 1024;

/** The name as RFC 4514 text, the most specific part first; empty for an empty name. */
export function nameText(name: Node | null | undefined): WireText {
  const parts = children(name)
    .slice(0, MAX_PARTS)
    .map((rdn) => children(rdn).slice(0, MAX_PARTS).map(attribute).join('+'));
  return wireText(parts.toReversed().join(','), MAX_NAME);
}

function attribute(node: Node): string {
  const [type, value] = children(node);
  const oid = oidOf(type) ?? '?';
  const keyword = KEYWORDS[oid];
  if (value === undefined) return `${keyword ?? oid}=`;
  // RFC 4514 2.4: the value of a type without keyword is `#` and the hex of its encoding.
  return keyword === undefined
    ? `${oid}=#${encoded(value).subarray(0, MAX_VALUE).toString('hex')}`
    : `${keyword}=${escaped(stringValue(value).slice(0, MAX_VALUE))}`;
}

function stringValue(node: Node): string {
  const raw = content(node);
  if (node.type === tag.bmp) return raw; // node-forge has already read the 16-bit units
  if (node.type === tag.universalString) return Buffer.from(raw, 'latin1').toString('hex');
  return node.type === tag.utf8 ? Buffer.from(raw, 'latin1').toString('utf8') : raw;
}

/** RFC 4514 2.4 */
function escaped(value: string): string {
  return value
    .replaceAll(/["+,;<>\\]/g, (character) => `\\${character}`)
    .replaceAll('\u0000', '\\00')
    .replace(/^[ #]/, (character) => `\\${character}`)
    .replace(/ $/, '\\ ');
}

/** Types whose values are compared as text: UTF8String, PrintableString, TeletexString, IA5String, BMPString. */
const TEXT_TYPES: ReadonlySet<number> = new Set([tag.utf8, 19, 20, 22, tag.bmp]);

/**
 * The name as a key: equal for names that RFC 5280 7.1 calls equal (letters without case, inner blanks as one, outer ones none,
 * whatever the string type), and a prefix of the key of every name beneath it. Null when the node is no name.
 */
export function nameKey(name: Node | null | undefined): string | null {
  if (!isSequence(name)) return null;
  const parts = children(name).map((rdn) => children(rdn).map(attributeKey).toSorted().join('+'));
  return parts.map((part) => `${part},`).join('');
}

function attributeKey(node: Node): string {
  const [type, value] = children(node);
  if (value === undefined) return '';
  const text = TEXT_TYPES.has(value.type) && value.tagClass === 0 ? stringValue(value) : null;
  const compared =
    text === null ? `#${value.type}:${content(value)}` : text.trim().replaceAll(/\s+/g, ' ').toLowerCase();
  return `${oidOf(type) ?? '?'}=${Buffer.from(compared, 'utf8').toString('hex')}`;
}

/** Text of the attributes of one type, in order: those of a common name are under 2.5.4.3. */
export function attributeValues(name: Node | null | undefined, oid: string): readonly WireText[] {
  return children(name)
    .flatMap((rdn) => children(rdn).map(children))
    .filter(([type, value]) => value !== undefined && oidOf(type) === oid)
    .map(([, value]) => wireText(stringValue(value as Node), MAX_VALUE));
}
