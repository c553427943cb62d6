// Owns reading root hints: the names of the root's servers and their addresses, in the form of IANA's named.root.
// Never asks anybody whether they are right.
import { ipAddress } from '../../model/target.ts';
import { dnsName, type IpAddress, type WireText, wireText } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';

export interface RootHint {
  readonly name: WireText;
  readonly address: IpAddress;
}

/** IANA's file has 13 names with two addresses each. */
const MAX_HINTS = 64;
const FORM = 'write lines as in https://www.internic.net/domain/named.root: a.root-servers.net. 3600000 A 198.41.0.4';

/**
 * The A and AAAA lines; NS lines of the root and comments behind `;` are passed over.
 * @throws UsageError that names the line
 */
export function readRootHints(text: string): readonly RootHint[] {
  const lines = text.split('\n').map((line) => line.replace(/;.*$/s, '').trim());
  const hints = lines.flatMap((line, index) => (line === '' ? [] : readLine(line, index + 1)));
  if (hints.length === 0) throw new UsageError('--root-hints: the file holds no address', FORM);
  if (hints.length > MAX_HINTS) throw new UsageError(`--root-hints: more than ${MAX_HINTS} addresses`);
  return hints;
}

function readLine(line: string, number: number): readonly RootHint[] {
  // TTL and class may stand before the type, in either order (RFC 1035 5.1).
  const [owner = '', type = '', data = '', ...rest] = line
    .replace(/^(\S+)(\s+(\d+|IN)(?=\s)){1,2}/i, '$1')
    .split(/\s+/);
  if (owner === '.' && type.toUpperCase() === 'NS') return [];
  const name = dnsName(owner);
  const address = ipAddress(data);
  const fits = address !== null && type.toUpperCase() === (data.includes(':') ? 'AAAA' : 'A');
  if (name !== null && fits && rest.length === 0) return [{ name: wireText(name), address }];
  throw new UsageError(`--root-hints: line ${number} is no NS record of the root and no address`, FORM);
}
