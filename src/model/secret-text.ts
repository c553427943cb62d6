// Owns text that a person wrote with secrets in it. Prints with the secrets' names in their places; opened, whole, in src/net.
import type { Secret } from './secret.ts';

export class SecretText {
  readonly parts: readonly (string | Secret)[];
  constructor(parts: readonly (string | Secret)[]) {
    this.parts = parts;
  }
  toString(): string {
    return this.parts.map(String).join('');
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
