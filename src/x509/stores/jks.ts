// Owns Java key stores of the old kind (JKS, JCEKS): certificates stand in them in the clear. Keys are passed over unread.
// The format is that of OpenJDK, sun.security.provider.JavaKeyStore; all numbers are big-endian.
import { wireText } from '../../model/text.ts';
import { type Store, type StoreEntry, StoreError } from './store-words.ts';

const KEY_ENTRY = 1;
const CERTIFICATE_ENTRY = 2;
const DIGEST_BYTES = 20;
const MAX_ENTRIES = 10_000;
const MAX_CHAIN = 100;
const JKS_MAGIC = 0xfe_ed_fe_ed;

interface Reader {
  /** @throws StoreError past the end */
  u32(): number;
  text(): string;
  bytes(length: number): Buffer;
}

/** The digest at the end, which only the password can check, is not looked at. @throws StoreError for a file that is cut short */
export function readJks(file: Buffer): Store {
  const body = file.subarray(0, Math.max(0, file.byteLength - DIGEST_BYTES));
  const reader = openReader(body);
  const magic = reader.u32();
  const version = reader.u32();
  if (version !== 1 && version !== 2) throw new StoreError(`Java key store of unknown version ${version}`);
  const count = reader.u32();
  if (count > MAX_ENTRIES) throw new StoreError(`Java key store with ${count} entries: damaged, or none`);
  const entries: StoreEntry[] = [];
  const faults: string[] = [];
  for (let read = 0; read < count; read++) {
    const kind = reader.u32();
    const name = wireText(reader.text(), 200);
    reader.bytes(8); // when it was made
    if (kind === KEY_ENTRY) {
      reader.bytes(reader.u32()); // the key, encrypted
      const chain = Array.from({ length: Math.min(reader.u32(), MAX_CHAIN) }, () => certificateOf(reader, version));
      if (chain.length > 0) entries.push({ name, certificates: chain });
    } else if (kind === CERTIFICATE_ENTRY) entries.push({ name, certificates: [certificateOf(reader, version)] });
    else {
      // A secret key of JCEKS is a serialised object, whose end only Java finds.
      faults.push(
        `${magic === JKS_MAGIC ? 'an entry of an unknown kind' : 'a secret key'} hides ${count - read} of ${count} entries`,
      );
      break;
    }
  }
  return { format: 'jks', entries, faults };
}

function certificateOf(reader: Reader, version: number): Uint8Array {
  const type = version === 1 ? 'X.509' : reader.text();
  const der = reader.bytes(reader.u32());
  if (type !== 'X.509') throw new StoreError('Java key store with certificates that are not X.509');
  return new Uint8Array(der);
}

function openReader(bytes: Buffer): Reader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (length > bytes.byteLength - at) throw new StoreError('Java key store that is cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    u32: () => take(4).readUInt32BE(0),
    text: () => take(take(2).readUInt16BE(0)).toString('utf8'),
    bytes: take,
  };
}
