// Owns what the series of many targets have in common: each shape of them once, as long as a target has it. Knows no shape.

/** A shape that targets have; each gives it back when it has another. */
export interface Held<S> {
  readonly key: string;
  readonly shape: S;
  targets: number;
}

export class Shapes<S> {
  readonly #held = new Map<string, Held<S>>();

  /** @param key tells shapes apart */
  take(key: string, shape: () => S): Held<S> {
    const held = this.#held.get(key) ?? { key, shape: shape(), targets: 0 };
    this.#held.set(key, held);
    held.targets++;
    return held;
  }

  letGo(held: Held<S> | null): void {
    if (held === null) return;
    held.targets--;
    if (held.targets === 0) this.#held.delete(held.key);
  }

  get size(): number {
    return this.#held.size;
  }

  /** Every shape that a target has. */
  all(): IteratorObject<S> {
    return this.#held.values().map(({ shape }) => shape);
  }
}
