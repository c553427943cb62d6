// Owns what the far delegation of the benchmark consists of. Data only.

export interface Zone {
  /** The root's is empty. */
  readonly zone: string;
  readonly servers: readonly { readonly name: string; readonly address: string }[];
}

/** A round trip to a server on the same continent, ms. */
export const DELAY_MS = 20;
export const RESOLVER = '127.0.71.1';

const LETTERS = ['a', 'b', 'c', 'd'] as const;

/** From the root down. */
export const LEVELS: readonly Zone[] = ['', 'example', 'kms.example'].map((zone, level) => ({
  zone,
  servers: LETTERS.map((letter, index) => ({
    name: `${letter}.${zone === '' ? 'root' : zone}`,
    address: `127.0.71.${10 * (level + 1) + index}`,
  })),
}));

export const NAME = LEVELS.at(-1)?.zone ?? '';
