// Owns the question whether this machine has what a system test drives. Never installs anything.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Debian keeps daemons where the PATH of a person often does not look. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];

/** Path of a program, which may be a path itself, or null when the machine has none. */
export function findTool(name: string): string | null {
  if (isAbsolute(name)) return isExecutable(name) ? name : null;
  const paths = FOLDERS.filter((folder) => folder !== '').map((folder) => join(folder, name));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * True when every program is there: `describe.skipIf(!requireTools(['nsd', 'dig']))`.
 * On a person's machine a missing one is said loudly and the tests are skipped; where CI is set it is an error, because
 * a suite that skips itself in silence proves nothing.
 * @throws Error under CI
 */
export function requireTools(names: readonly string[]): boolean {
  return required(names.filter((name) => findTool(name) === null).map((name) => `no ${name}`));
}

/** The same for network namespaces: wants root (CAP_SYS_ADMIN) and a kernel that has them. @throws Error under CI */
export function requireNamespaces(): boolean {
  const name = `outrider-try-${process.pid}`;
  const ip = findTool('ip');
  if (ip === null) return required(['no ip (iproute2)']);
  const tried = spawnSync(ip, ['netns', 'add', name], { encoding: 'utf8' });
  if (tried.status === 0) spawnSync(ip, ['netns', 'delete', name]);
  return required(tried.status === 0 ? [] : [`no network namespaces: ${tried.stderr.trim()}`]);
}

/** Root, for tests that give it up or bind ports below 1024. @throws Error under CI */
export function requireRoot(): boolean {
  return required(process.getuid?.() === 0 ? [] : ['not root']);
}

function required(missing: readonly string[]): boolean {
  if (missing.length === 0) return true;
  const words = `system tests are SKIPPED on this machine: ${missing.join(', ')}`;
  if ((process.env['CI'] ?? '') !== '') throw new Error(`${words}; under CI that is a failure`);
  console.warn(words);
  return false;
}
