// Owns sizes as github.com/alecthomas/units reads and writes them (Base2Bytes): the body limits of a blackbox.yml.

/** Both spellings mean powers of 1024. Lower-case `k` is none. */
const UNITS: { readonly [unit: string]: bigint } = Object.fromEntries(
  ['', 'K', 'M', 'G', 'T', 'P', 'E'].flatMap((prefix, power) => {
    const size = 1024n ** BigInt(power);
    return prefix === ''
      ? [['B', size]]
      : [
          [`${prefix}B`, size],
          [`${prefix}iB`, size],
        ];
  }),
);

/** Largest int64. */
const MOST = 2n ** 63n - 1n;

/** Reads `1MB`, `512KiB`, `1MB512KB`, `0`. @returns bytes, or null for what ParseBase2Bytes refuses */
export function base2Bytes(text: string): bigint | null {
  const found = /^([-+]?)(.+)$/s.exec(text);
  if (found === null) return null;
  const [, sign, size = ''] = found;
  if (size === '0') return 0n;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i?B|B))+$/.test(size)) return null;
  let bytes = 0n;
  for (const [, amount = '', unit = ''] of size.matchAll(/(\d+\.?\d*|\.\d+)([KMGTPE]i?B|B)/g)) {
    const each = UNITS[unit] ?? 0n;
    bytes += /^\d+$/.test(amount) ? BigInt(amount) * each : BigInt(Math.trunc(Number(amount) * Number(each)));
  }
  if (bytes > MOST) return null;
  return sign === '-' ? -bytes : bytes;
}

/** As Base2Bytes.String prints it: the largest units first, `1MiB512KiB`. */
export function formatBase2Bytes(bytes: bigint): string {
  if (bytes === 0n) return '0B';
  let rest = bytes < 0n ? -bytes : bytes;
  const parts: string[] = [];
  for (const [power, unit] of [...['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'].entries()].toReversed()) {
    const each = 1024n ** BigInt(power);
    if (rest >= each) parts.push(`${rest / each}${unit}`);
    rest %= each;
  }
  return `${bytes < 0n ? '-' : ''}${parts.join('')}`;
}
