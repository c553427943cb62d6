// Owns honest messages of every kind that is read, and how to damage them: the start of each fuzzing of the decoder.
// Never holds a message that a server would not send.
import dnsPacket, { type Answer } from 'dns-packet';
import type { DnsName } from '../../../model/text.ts';
import { encodeQuery } from '../message.ts';
import { OPT, soa } from './servers.ts';

function message(answers: readonly Answer[], additionals: readonly Answer[] = [OPT]): Buffer {
  return dnsPacket.encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'A', name: 'kms.example' }],
    answers: [...answers],
    additionals: [...additionals],
  });
}

const at = { name: 'kms.example', ttl: 60 };

/** A record of a type that dns-packet cannot write: 64 SVCB, 65 HTTPS. */
export function rawAnswer(type: number, hex: string): Answer {
  const data = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return { ...at, type: `UNKNOWN_${type}`, data } as unknown as Answer;
}

/** An OPT record with options as raw bytes. */
export function optWith(...options: readonly (readonly [code: number, hex: string])[]): Answer {
  const written = options.map(([code, hex]) => ({ code, data: Buffer.from(hex.replaceAll(' ', ''), 'hex') }));
  return { ...OPT, options: written } as unknown as Answer;
}

/** Priority 1, target `.`, alpn h2 and h3, port 8443, both hints, ech, and key 65280. */
export const serviceHex =
  '0001 00 0001 0006 026832026833 0003 0002 20fb 0004 0008 c0000201c0000202 0005 0004 deadbeef ' +
  '0006 0010 20010db8000000000000000000000001 ff00 0003 612262';

export const corpus: readonly Buffer[] = [
  message([{ ...at, type: 'A', data: '192.0.2.1' }]),
  message([{ ...at, type: 'CNAME', data: 'lb.kms.example' }, soa('kms.example')]),
  message([{ ...at, type: 'TXT', data: ['a', 'b'.repeat(200)] }]),
  message([{ ...at, type: 'HINFO', data: { cpu: 'x', os: 'y' } }]),
  message(Array.from({ length: 40 }, (_, i): Answer => ({ ...at, type: 'A', data: `192.0.2.${i}` }))),
  message([rawAnswer(65, serviceHex), rawAnswer(64, '0000 03666f6f076578616d706c6500')]),
  message([
    { ...at, type: 'CAA', data: { flags: 0, tag: 'issue', value: 'pki.goog; accounturi=x' } },
    rawAnswer(257, '80 03 746273 756e6b6e6f776e'),
    { ...at, type: 'MX', data: { preference: 10, exchange: 'mx.kms.example' } },
    rawAnswer(44, '04 03 0102030405'),
  ]),
  message(
    [],
    [optWith([15, '0016 6e6f20617574686f72697479'], [3, '6e7331'], [8, '0001 18 10 c00002'], [10, '0102030405060708'])],
  ),
  encodeQuery({ name: 'kms.example' as DnsName, type: 'HTTPS', recursionDesired: true }).bytes,
];

export interface Change {
  readonly at: number;
  readonly kind: 'flip' | 'cut' | 'insert' | 'point';
  readonly octets: Uint8Array;
}

export function mutate(bytes: Buffer, { at: offset, kind, octets }: Change): Buffer {
  const where = bytes.length === 0 ? 0 : offset % bytes.length;
  const [before, after] = [bytes.subarray(0, where), bytes.subarray(where)];
  if (kind === 'cut') return Buffer.from(before);
  if (kind === 'insert') return Buffer.concat([before, octets, after]);
  const replacement = kind === 'point' ? Uint8Array.of(0xc0 | ((octets[0] ?? 0) & 1), octets[1] ?? 0x0c) : octets;
  return Buffer.concat([before, replacement, after.subarray(replacement.length)]);
}
