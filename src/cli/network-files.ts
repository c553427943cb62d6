// Owns what `--networks` names: files of address ranges that a person gives, and lists that operators publish. Loaded only when one is given.
// Fetches nothing that is not named, and nothing at all where nothing may be sent.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { readAddressRanges } from '../model/address-range-files.ts';
import { type AddressRanges, AddressTable } from '../model/address-ranges.ts';
import { formatDuration } from '../model/duration.ts';
import { nearest } from '../model/nearest.ts';
import { UsageError } from '../model/usage-error.ts';
import { AZURE_PAGE, type PublishedFile, type Publisher, publishers } from '../net/published/operators.ts';
import { isKeptFresh, type PublishedOptions, publishedFile } from '../net/published/published-file.ts';
import { readBytes } from './input-file.ts';
import type { Launch } from './launch.ts';

/** Azure's list is 4 MB, a table of all autonomous systems 40 MB. */
const MAX_BYTES = 134_217_728;
const MAX_FILES = 16;
const HOUR_MS = 3_600_000;

export interface NetworksGiven {
  readonly launch: Launch;
  /** For `--plan`: what would be fetched is printed instead. */
  readonly sendsNothing: boolean;
  readonly isQuiet: boolean;
}

/** One table of all lists; where they say different things of one prefix, the more specific counts. @throws UsageError */
export async function readNetworks(names: readonly string[], given: NetworksGiven): Promise<AddressRanges> {
  if (names.length > MAX_FILES) throw new UsageError(`--networks: ${names.length} files are more than ${MAX_FILES}`);
  const table = new AddressTable();
  for (const name of names) {
    const publisher = publishers.find((one) => one.name === name);
    if (publisher === undefined) await readGiven(name, table);
    else for (const file of publisher.files) await readPublished(publisher, file, given, table);
  }
  return table;
}

async function readGiven(file: string, table: AddressTable): Promise<void> {
  if (file === 'azure') {
    throw new UsageError(
      '--networks azure: Microsoft publishes its list each week under another address',
      `download it from ${AZURE_PAGE} and give the file`,
    );
  }
  const bytes = await readBytes(file, '--networks', MAX_BYTES).catch((error: unknown) => {
    throw withPublishers(error, file);
  });
  // gzip, RFC 1952 2.3.1
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new UsageError(`--networks: ${file} is packed`, 'unpack it with: gunzip FILE');
  }
  readAddressRanges(bytes.toString('utf8'), file, table);
}

/** A word that is no file was likely meant as an operator. */
function withPublishers(error: unknown, file: string): unknown {
  if (!(error instanceof UsageError) || !/^[a-z]+$/i.test(file)) return error;
  const known = publishers.map(({ name }) => name);
  const meant = nearest(file.toLowerCase(), known);
  const remedy = meant === null ? `published lists are ${known.join(', ')}` : `did you mean ${meant}?`;
  return new UsageError(error.message, remedy);
}

async function readPublished(
  { name }: Publisher,
  { url, file }: PublishedFile,
  { launch, sendsNothing, isQuiet }: NetworksGiven,
  table: AddressTable,
): Promise<void> {
  const { io, version } = launch;
  const nowMs = io.wallClockMs();
  const accept = (text: string): void => readAddressRanges(text, file, new AddressTable());
  const stop = new AbortController();
  const options: PublishedOptions = {
    ...{ url, path: join(cacheFolder(io.env), 'networks', file), nowMs, accept },
    ...{ userAgent: `outrider/${version}`, signal: stop.signal },
  };
  if (sendsNothing && !(await isKeptFresh(options))) {
    await io.out(`networks: GET ${url}, kept for a day\n`);
    return;
  }
  const ignoreInterrupts = io.onInterrupt(() => stop.abort());
  const fetched = await publishedFile(options).finally(ignoreInterrupts);
  if ('failed' in fetched) {
    throw new UsageError(
      `--networks ${name}: ${url} could not be fetched: ${fetched.failed}`,
      'download it elsewhere and give the file: --networks FILE',
    );
  }
  if (fetched.because !== null && !isQuiet)
    io.err(`probe: ${oldSaid(name, url, fetched.because, nowMs - fetched.checkedAtMs)}\n`);
  readAddressRanges(fetched.text, file, table);
}

function oldSaid(name: string, url: string, because: string, ageMs: number): string {
  const age = formatDuration(Math.max(1, Math.round(ageMs / HOUR_MS)) * HOUR_MS);
  return `--networks ${name}: ${url} could not be fetched: ${because}; the list of ${age} ago is used`;
}

/** XDG Base Directory Specification: a relative path is to be ignored. */
function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), '.cache'), 'outrider');
}
