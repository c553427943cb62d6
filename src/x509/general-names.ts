// Owns the forms of a GeneralName, RFC 5280 4.2.1.6: hosts, addresses, mailboxes, URIs, directory names. Never compares them.
import { ipAddress } from '../model/target.ts';
import { type IpAddress, type WireText, wireText } from '../model/text.ts';
import { children, content, contextTag, type Node } from './der.ts';
import { nameKey } from './distinguished-name.ts';

/** Entries of a subjectAltName. */
export interface PresentedNames {
  readonly dns: readonly WireText[];
  readonly ip: readonly IpAddress[];
  /** All entries, of every kind. */
  readonly total: number;
}

/** Tags of GeneralName. */
export const nameForm = { other: 0, mail: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const;

/** One name as it is compared: `value` is text, address octets, or the key of a directory name. */
export interface GeneralName {
  /** The tag of GeneralName: `nameForm`. */
  readonly form: number;
  readonly value: string;
}

const MAX_DNS = 256;

/** Null when an entry is no GeneralName. */
export function generalNames(list: readonly Node[]): readonly GeneralName[] | null {
  const names = list.map(generalName);
  return names.every((name) => name !== null) ? names : null;
}

export function generalName(node: Node | null | undefined): GeneralName | null {
  const form = node == null ? null : contextTag(node);
  if (form === null || form > 8) return null;
  if (form !== nameForm.directory) return { form, value: content(node) };
  const key = nameKey(children(node)[0]);
  return key === null ? null : { form, value: key };
}

export function presentedNames(list: readonly Node[]): PresentedNames {
  const ofForm = (form: number): readonly string[] => list.filter((node) => contextTag(node) === form).map(content);
  return {
    dns: ofForm(nameForm.dns).map((name) => wireText(name, MAX_DNS)),
    ip: ofForm(nameForm.ip)
      .map(addressOf)
      .filter((address) => address !== null),
    total: list.length,
  };
}

function addressOf(octets: string): IpAddress | null {
  const bytes = Buffer.from(octets, 'latin1');
  if (bytes.length === 4) return ipAddress(bytes.join('.'));
  if (bytes.length !== 16) return null;
  return ipAddress((bytes.toString('hex').match(/.{4}/g) ?? []).join(':'));
}
