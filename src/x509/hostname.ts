// Owns whether a certificate's names cover the host, RFC 9525. Pure; the common name is never consulted (RFC 9525 2).
import type { Target } from '../model/target.ts';
import { interpret, sameText, type WireText } from '../model/text.ts';
import type { PresentedNames } from './general-names.ts';

/** A host name matches dNSName entries only, an address iPAddress entries only (RFC 9525 6.3, 6.4). */
export function hostMatches(host: Pick<Target, 'host' | 'isAddress'>, presented: PresentedNames): boolean {
  return host.isAddress
    ? presented.ip.some((address) => sameText(address, host.host))
    : presented.dns.some((name) => dnsMatches(host.host, name));
}

/** Case-insensitive; `*` is the whole left-most label and stands for exactly one label (RFC 9525 6.3). */
export function dnsMatches(host: string, presented: WireText): boolean {
  return interpret(presented, (raw) => {
    // Before lower-casing, which makes ASCII of two other letters (U+212A, U+0130).
    if (!/^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(raw)) return false;
    const name = raw.toLowerCase();
    const reference = host.toLowerCase();
    if (!name.startsWith('*.')) return name === reference;
    const dot = reference.indexOf('.');
    return dot > 0 && reference.slice(dot) === name.slice(1);
  });
}
