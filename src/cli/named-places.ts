// Owns the places that name targets, as the agent's file has them, on this machine and in its network: each with how it is read and what it comes to.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Place, Source } from '../agent/discovery.ts';
import type { AgentFile, AgentTarget } from '../config/agent/agent-file.ts';
import type { DnsPlace, FilePlace, HttpPlace } from '../config/agent/discover.ts';
import { readDiscovered } from '../config/agent/discovered.ts';
import { isLike } from '../model/like.ts';
import { TooMuch, UsageError } from '../model/usage-error.ts';
import { lookUpTargets } from '../net/named-services.ts';
import { fetchTargets } from '../net/named-targets.ts';
import { readBytes } from './input-file.ts';
import type { Launch } from './launch.ts';
import { rootsOf } from './ride-options.ts';
import { systemWords } from './system-words.ts';

const MOST_FILE_BYTES = 16_777_216;
/** Files that one pattern may find. */
const MOST_FILES = 1000;
/** Targets that are made ready before other work gets its turn. */
const AT_ONCE = 50;

/** @param scheduled what a target comes to; rejects with UsageError */
export function placesOf<T>(
  { discover }: Pick<AgentFile, 'discover'>,
  scheduled: (target: AgentTarget) => Promise<T>,
  launch: Launch,
): readonly Source<T>[] {
  const { most, keep, targetOf } = discover;
  const placeOf = (
    name: string,
    meta: Readonly<Record<string, string>>,
    read: (signal: AbortSignal) => Promise<string>,
  ): Place<T> => ({
    ...{ name, read },
    async parse(text) {
      const all: T[] = [];
      for (const found of await readDiscovered(text, name, { most, keep, meta })) {
        all.push(await scheduled(await targetOf(found)));
        if (all.length % AT_ONCE === 0) await nextTurn();
      }
      return all;
    },
  });
  const fileAt = (path: string): Place<T> =>
    placeOf(path, { __meta_filepath: path }, async () =>
      (await readBytes(path, 'discover', MOST_FILE_BYTES)).toString('utf8'),
    );
  const files = discover.files.map(
    ({ pattern, refreshMs }: FilePlace): Source<T> => ({
      ...{ name: pattern, key: `file ${pattern}`, refreshMs, folder: dirname(pattern) },
      places: async () => (pattern.includes('*') ? await filesBy(pattern) : [pattern]).map(fileAt),
    }),
  );
  const urls = discover.http.map((place): Source<T> => {
    const name = place.url.replace(/[?#].*$/s, '');
    const one = placeOf(name, { __meta_url: name }, (signal) => fetched(place, signal, launch));
    return sourceOf(one, `url ${place.url}`, place.refreshMs);
  });
  const services = discover.dns.map((place): Source<T> => {
    const name = `dns ${place.name} ${place.type}`;
    const one = placeOf(name, {}, (signal) => lookedUp(place, signal, launch));
    const { refreshMs, ...told } = place;
    return sourceOf(one, `dns ${JSON.stringify(told)}`, refreshMs);
  });
  return [...files, ...urls, ...services];
}

/** Of one place. */
function sourceOf<T>(place: Place<T>, key: string, refreshMs: number): Source<T> {
  return { ...{ name: place.name, key, refreshMs, folder: null }, places: () => Promise.resolve([place]) };
}

async function fetched(
  { url, caFile, refreshMs, shown }: HttpPlace,
  signal: AbortSignal,
  launch: Launch,
): Promise<string> {
  const { caPem } = await rootsOf(caFile === null ? {} : { caFile }, launch);
  return fetchTargets({ url, caPem, refreshSeconds: refreshMs / 1000, ...(await shown()) }, signal);
}

async function lookedUp(place: DnsPlace, signal: AbortSignal, launch: Launch): Promise<string> {
  const resolvers = place.resolvers ?? launch.surroundings.resolvers;
  const { caPem } = await rootsOf({}, launch);
  return lookUpTargets({ ...place, resolvers, caPem }, signal);
}

/** As Go's filepath.Glob finds them: `*` stands for any letters within one name. @throws UsageError */
async function filesBy(pattern: string): Promise<readonly string[]> {
  const [folder, name] = [dirname(pattern), basename(pattern)];
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new UsageError(`cannot read ${folder}: ${systemWords(error)}`);
  }
  const found = names.filter((one) => isLike(one, name)).toSorted((a, b) => (a < b ? -1 : 1));
  if (found.length > MOST_FILES) throw new TooMuch(`${pattern}: more than ${MOST_FILES} files`);
  return found.map((one) => join(folder, one));
}
