// Owns the text of LOC records (RFC 1876) as github.com/miekg/dns writes it.
import type { Rdata } from './rdata.ts';

/** Thousandths of a second of arc; the equator and the prime meridian are in the middle of 32 bits. */
const MIDDLE = 2 ** 31;
const MINUTE = 60_000;
const DEGREE = 60 * MINUTE;
/** Metres below the spheroid at which heights begin. */
const BASE_METRES = 100_000;

export function locationText(data: Rdata): string {
  data.number(1);
  const [size, horizontal, vertical] = [data.number(1), data.number(1), data.number(1)].map(metres);
  const latitude = arc(data.number(4), 'N', 'S');
  const longitude = arc(data.number(4), 'E', 'W');
  const centimetres = data.number(4);
  const altitude = (centimetres / 100 - BASE_METRES).toFixed(centimetres % 100 === 0 ? 0 : 2);
  return `${latitude} ${longitude} ${altitude}m ${size} ${horizontal} ${vertical}`;
}

function arc(value: number, above: string, below: string): string {
  const rest = Math.abs(value - MIDDLE);
  const two = (number: number): string => String(Math.trunc(number)).padStart(2, '0');
  const seconds = ((rest % MINUTE) / 1000).toFixed(3);
  return `${two(rest / DEGREE)} ${two((rest % DEGREE) / MINUTE)} ${seconds} ${value > MIDDLE ? above : below}`;
}

/** From a digit and a power of ten, in centimetres. */
function metres(octet: number): string {
  const [digit, power] = [octet >> 4, octet & 15];
  if (power < 2) return `0.${String(power === 1 ? digit * 10 : digit).padStart(2, '0')}m`;
  return `${digit}${'0'.repeat(power - 2)}m`;
}
