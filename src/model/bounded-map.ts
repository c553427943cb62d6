// Owns a map of what can be made again: it never holds more than it may, however many keys there are. Knows no age and no use.

/** Emptied when it is full: to find out which entry is needed least costs more than to make all of them again. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: K, value: V): this {
    if (this.size >= this.#most && !this.has(key)) this.clear();
    return super.set(key, value);
  }
}
