// Owns the text of an OPT record (RFC 6891) as github.com/miekg/dns writes it: some lines of comments. The prober asks without EDNS, so servers seldom send one.

import { MalformedMessage } from '../../net/dns/names.ts';
import type { Rdata } from './rdata.ts';

/** IANA, DNS EDNS0 Option Codes. */
const NSID = 3;
const COOKIE = 10;

/** @param payload bytes the sender takes, in the place of a class @param ttl extended code, version, flags */
export function optionsText(payload: number, ttl: number, data: Rdata): string {
  const flags = `${(ttl & 0x8000) === 0 ? '' : ' do'}${(ttl & 0x4000) === 0 ? '' : ' co'}`;
  const reserved = ttl & 0x3fff;
  const unused = reserved === 0 ? '' : `MBZ: 0x${reserved.toString(16).padStart(4, '0')}, `;
  const head = `\n;; OPT PSEUDOSECTION:\n; EDNS: version ${(ttl >>> 16) & 0xff}; flags:${flags}; ${unused}udp: ${payload}`;
  const lines = [head];
  while (data.left > 0) {
    if (data.left < 4) throw new MalformedMessage('an option that is cut');
    const code = data.number(2);
    lines.push(optionText(code, data.take(data.number(2))));
  }
  return lines.join('\n');
}

function optionText(code: number, value: Buffer): string {
  const hex = value.toString('hex');
  if (code === NSID) return `; NSID: ${hex}  ${Array.from(value.toString('utf8'), (one) => `(${one})`).join('')}`;
  return code === COOKIE ? `; COOKIE: ${hex}` : `; LOCAL OPT: ${code}:0x${hex}`;
}
