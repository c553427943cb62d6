// Owns the address that connections of http, grpc and websocket modules come from (#955), and what follows for where they go: an address of its family.
import { isIP } from 'node:net';
import type { Module } from './config/modules.ts';

type OfModule = Pick<Module, 'outrider'>;

/** For `net.connect`. */
export function sourceOf({ outrider }: OfModule): { readonly localAddress?: string } {
  const source = outrider?.source_ip_address ?? '';
  return source === '' ? {} : { localAddress: source };
}

/** Null: either. */
export function sourceFamily({ outrider }: OfModule): 4 | 6 | null {
  const family = isIP(outrider?.source_ip_address ?? '');
  return family === 4 || family === 6 ? family : null;
}

interface Preference {
  readonly preferred_ip_protocol: string;
  readonly ip_protocol_fallback: boolean;
}

/** The module's own preference, unless its source leaves no choice. */
export function preferenceOf(module: OfModule, own: Preference): Preference {
  const family = sourceFamily(module);
  return family === null ? own : { preferred_ip_protocol: `ip${family}`, ip_protocol_fallback: false };
}
