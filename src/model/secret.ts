// Owns values that may be sent but never shown. Opened only in src/net (a layer rule).
/** Prints as `[secret NAME]` wherever it ends up: string, JSON, console, error. */
export class Secret {
  readonly name: string;
  readonly #value: string;
  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }
  /** The value itself. Only src/net calls this. */
  open(): string {
    return this.#value;
  }
  toString(): string {
    return `[secret ${this.name}]`;
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
