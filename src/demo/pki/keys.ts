// Owns key pairs and the count of the slow ones. Never keeps a key: each world has its own.
import { generateKeyPair, generateKeyPairSync } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyPair } from './certificate.ts';

const generate = promisify(generateKeyPair);

/** EC P-256, in well under a millisecond. */
export function ecKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** RSA-2048, 50 to 500 ms of one core in the thread pool: the reason why the demo has none. */
export function rsaKeys(): Promise<KeyPair> {
  return generate('rsa', { modulusLength: 2048 });
}
