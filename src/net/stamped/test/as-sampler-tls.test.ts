// Owns the proof that a socket of our own is no other to the world than Node's: the same tests, by the kernel's clock.
// Never has cases of its own.
import { rideBy } from '../../sample/test/riding.ts';

rideBy('kernel');
await import('../../sample/test/sampler-tls.test.ts');
