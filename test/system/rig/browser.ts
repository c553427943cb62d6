// Owns opening a page in a real browser without a window, and what it made of it. Traffic to loopback alone.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf, type Rig } from './rig.ts';

const FLAGS = [
  '--headless',
  // Chromium does not start as root with its sandbox.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*',
];
/** Time that the page is given on its own clock, which runs as fast as the machine allows: scripts and images are done by then. ms */
const BUDGET = '--virtual-time-budget=3000';

/** The document as it is after its scripts ran. */
export async function dumpDom(rig: Rig, url: string): Promise<string> {
  const profile = await mkdtemp(join(rig.folder, 'chromium-'));
  return outputOf(['chromium', ...FLAGS, BUDGET, `--user-data-dir=${profile}`, '--dump-dom', url]);
}
