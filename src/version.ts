// Owns the version of this program, read from its package.json (two folders up in dist, one in the source tree).
import { existsSync, readFileSync } from 'node:fs';

function readVersion(): string {
  const here = import.meta.dirname;
  const path = [`${here}/../package.json`, `${here}/../../package.json`].find((candidate) => existsSync(candidate));
  const text = path === undefined ? '{}' : readFileSync(path, 'utf8');
  const { version: found } = JSON.parse(text) as { readonly version?: string };
  return found ?? '0.0.0';
}

export const version: string = readVersion();
