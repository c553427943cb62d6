// Owns X.500 names as Go prints them (crypto/x509/pkix, Name.String): people's alerts match on these labels.
import { children, content, encoded, type Node, oidOf, tag } from '../../x509/der.ts';

/** In the order of pkix.Name.ToRDNSequence; printed from the end. */
const FIELDS: readonly (readonly [oid: string, keyword: string])[] = [
  ['2.5.4.6', 'C'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.17', 'POSTALCODE'],
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'SERIALNUMBER'],
];
/** Of which a pkix.Name holds one value only, the last. */
const SINGLE: ReadonlySet<string> = new Set(['CN', 'SERIALNUMBER']);
const MOST_PARTS = 64;

export function goName(name: Node | null | undefined): string {
  const attributes = children(name)
    .slice(0, MOST_PARTS)
    .flatMap((rdn) => children(rdn).slice(0, MOST_PARTS))
    .flatMap((attribute) => {
      const [type, value] = children(attribute);
      const oid = oidOf(type);
      return oid === null || value === undefined ? [] : [{ oid, value }];
    });
  const known = FIELDS.flatMap(([oid, keyword]) => {
    const values = attributes.filter((one) => one.oid === oid).map(({ value }) => escaped(textOf(value)));
    const taken = SINGLE.has(keyword) ? values.slice(-1) : values;
    return taken.length === 0 || taken.at(-1) === '' ? [] : [taken.map((text) => `${keyword}=${text}`).join('+')];
  });
  const others = attributes
    .filter(({ oid }) => !FIELDS.some(([field]) => field === oid))
    .map(({ oid, value }) => `${oid}=#${reencoded(value)}`);
  return [...others, ...known].toReversed().join(',');
}

/** UTF-8 and what is a part of it; BMPString has been read into its characters already. */
function textOf(value: Node): string {
  const raw = content(value);
  return value.type === tag.utf8 ? Buffer.from(raw, 'latin1').toString('utf8') : raw;
}

/** RFC 2253 2.4, as pkix escapes: by characters. */
function escaped(text: string): string {
  const characters = Array.from(text);
  return characters
    .map((character, at) => {
      const isOuterBlank = character === ' ' && (at === 0 || at === characters.length - 1);
      const isMarked = ',+"\\<>;'.includes(character) || isOuterBlank || (character === '#' && at === 0);
      return isMarked ? `\\${character}` : character;
    })
    .join('');
}

/** The value as asn1.Marshal writes a string: PrintableString where that holds it, else UTF8String. */
function reencoded(value: Node): string {
  const isText = [tag.utf8, 19, 20, 22, tag.bmp].includes(value.type);
  if (!isText) return encoded(value).toString('hex');
  const bytes = Buffer.from(textOf(value), 'utf8');
  const type = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(textOf(value)) ? 0x13 : 0x0c;
  const size =
    bytes.byteLength < 128
      ? [bytes.byteLength]
      : bytes.byteLength < 256
        ? [0x81, bytes.byteLength]
        : [0x82, bytes.byteLength >> 8, bytes.byteLength & 0xff];
  return Buffer.concat([Buffer.from([type, ...size]), bytes]).toString('hex');
}
