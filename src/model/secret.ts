// Owns values that may be sent but never shown. Opened only where a connection sends them (src/net)
// and where a store of certificates is read (src/certs/files); a layer rule names every room that may hold one.
/** Prints as `[secret NAME]` wherever it ends up: string, JSON, console, error. */
export class Secret {
  readonly name: string;
  readonly #value: string;
  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }
  /** The value itself. Only src/net and src/certs/files call this. */
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
