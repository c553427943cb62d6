// Owns reading the files of address ranges that a person gives. Loaded only when one is given.
import { readAddressRanges } from '../model/address-range-files.ts';
import { type AddressRanges, AddressTable } from '../model/address-ranges.ts';
import { UsageError } from '../model/usage-error.ts';
import { readBytes } from './input-file.ts';

/** Azure's list is 4 MB, a table of all autonomous systems 40 MB. */
const MAX_BYTES = 134_217_728;
const MAX_FILES = 8;

/** One table of all files; where they say different things of one prefix, the more specific counts. @throws UsageError */
export async function readNetworks(files: readonly string[]): Promise<AddressRanges> {
  if (files.length > MAX_FILES) throw new UsageError(`--networks: ${files.length} files are more than ${MAX_FILES}`);
  const table = new AddressTable();
  for (const file of files) {
    const bytes = await readBytes(file, '--networks', MAX_BYTES);
    // gzip, RFC 1952 2.3.1
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      throw new UsageError(`--networks: ${file} is packed`, 'unpack it with: gunzip FILE');
    }
    readAddressRanges(bytes.toString('utf8'), file, table);
  }
  return table;
}
