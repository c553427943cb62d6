// Owns who runs a zone's name servers, told from their names. Never concludes from part of a name set.
import { matches, sameText, type WireText } from '../../src/model/text.ts';
import { providerRows, soaMailboxes } from './providers.ts';

/** The operator that names its servers so; null for names that are nobody's known here. */
export function operatorOf(name: WireText): string | null {
  return providerRows.find(({ pattern }) => matches(name, pattern))?.operator ?? null;
}

/** Each known operator once, in the order of the table. */
export function operatorsOf(nameservers: readonly WireText[]): readonly string[] {
  const found = new Set(nameservers.map(operatorOf));
  return providerRows.flatMap(({ operator }) => (found.has(operator) ? [operator] : []));
}

/** The provider, several joined by "and", or null when one of the names is nobody's that is known here. */
export function providerOf(nameservers: readonly WireText[]): string | null {
  if (nameservers.length === 0 || nameservers.some((name) => operatorOf(name) === null)) return null;
  return operatorsOf(nameservers).join(' and ');
}

/** The operator whose template the zone's SOA still carries; a sign, because the zone's owner may edit it. */
export function operatorOfMailbox(mailbox: WireText): string | null {
  return soaMailboxes.find((row) => sameText(mailbox, row.mailbox))?.operator ?? null;
}
