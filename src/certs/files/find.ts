// Owns finding the files of a folder: links are followed (certbot's `live`, the `..data` of a kubelet), each file is taken once, loops and
// endless trees end. Opens nothing.
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FoundFiles {
  readonly paths: readonly string[];
  /** Folders that could not be read, with the system's words. */
  readonly faults: readonly { readonly path: string; readonly because: string }[];
}

const MAX_DEPTH = 16;
const MAX_FILES = 200_000;
/** A kubelet's volume shows each file twice: as a link, and in a folder of this kind that the link leads to. */
const KUBELET_FOLDER = /^\.\.(data|\d{4}_)/;

/** Regular files below a folder, by name. @param describe words of a system error */
export async function findFiles(folder: string, describe: (error: unknown) => string): Promise<FoundFiles> {
  const paths: string[] = [];
  const faults: { path: string; because: string }[] = [];
  const visited = new Set<string>();
  const taken = new Set<string>();
  const visit = async (at: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH || paths.length >= MAX_FILES) return;
    try {
      const real = await realpath(at);
      if (visited.has(real)) return;
      visited.add(real);
      const names = (await readdir(at)).filter((name) => !KUBELET_FOLDER.test(name)).toSorted();
      for (const name of names) await take(join(at, name), depth);
    } catch (error) {
      faults.push({ path: at, because: describe(error) });
    }
  };
  const take = async (path: string, depth: number): Promise<void> => {
    const found = await stat(path).catch(() => null);
    if (found === null) return;
    if (found.isDirectory()) return visit(path, depth + 1);
    const identity = `${found.dev}:${found.ino}`;
    if (!found.isFile() || taken.has(identity) || paths.length >= MAX_FILES) return;
    taken.add(identity);
    paths.push(path);
  };
  await visit(folder, 0);
  return { paths, faults };
}
