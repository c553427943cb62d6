// Owns finding the C library: Linux of 64 bits alone, through koffi where it is installed.
// Never required: who gets none is told why, and does without.
import { arch, platform } from 'node:os';
import type { Libc } from './libc.ts';

/** `because`: in words for a person, why this machine has none. */
export type OpenedLibc = { readonly libc: Libc } | { readonly libc: null; readonly because: string };

/** Where the constants and struct layouts of layout.ts hold: little-endian LP64 with the generic socket numbers (asm-generic/socket.h). */
const ARCHITECTURES = new Set(['x64', 'arm64', 'riscv64', 'loong64']);

let opened: Promise<OpenedLibc> | null = null;

/** Loads it once, before the first use, so that no measurement pays for that. */
export function openLibc(): Promise<OpenedLibc> {
  opened ??= load(platform(), arch(), async () => (await import('./koffi.ts')).koffiLibc());
  return opened;
}

/** @param bind may reject: then there is none. */
export async function load(system: string, processor: string, bind: () => Promise<Libc>): Promise<OpenedLibc> {
  if (system !== 'linux') return { libc: null, because: `it needs Linux, and this is ${system}` };
  if (!ARCHITECTURES.has(processor))
    return { libc: null, because: `it does not know the C library of Linux on ${processor}` };
  try {
    return { libc: await bind() };
  } catch {
    return { libc: null, because: 'the optional package koffi is not installed, or has no binary for this machine' };
  }
}
