// Owns small damages to the bytes that a server sends, as fast-check values, and a proxy that does them to a real server's.
// Never decides what a client should make of them.

import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { listen, type TestServer } from './servers.ts';

/** One damage: at a byte offset (taken modulo the length), over a number of bytes. */
export interface Mutation {
  readonly kind: 'flip' | 'overwrite' | 'insert' | 'delete' | 'repeat' | 'truncate';
  readonly at: number;
  readonly bytes: Uint8Array;
  /** The server hangs up after its last byte, or waits. */
  readonly hangUp: boolean;
}

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'overwrite', 'insert', 'delete', 'repeat', 'truncate'),
    at: fc.nat(8_000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    hangUp: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);

export function mutate(bytes: Buffer, changes: readonly Mutation[]): Buffer {
  return changes.reduce((sofar, change) => (sofar.length === 0 ? sofar : mutateOnce(sofar, change)), bytes);
}

function mutateOnce(bytes: Buffer, { kind, at, bytes: given }: Mutation): Buffer {
  const from = at % bytes.length;
  const [before, after] = [bytes.subarray(0, from), bytes.subarray(from)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.of((after[0] ?? 0) ^ (given[0] || 1)), after.subarray(1)]);
    case 'overwrite':
      return Buffer.concat([before, given, after.subarray(given.length)]);
    case 'insert':
      return Buffer.concat([before, given, after]);
    case 'delete':
      return Buffer.concat([before, after.subarray(given.length)]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, given.length * 8), after]);
    case 'truncate':
      return before;
  }
}

/** Passes everything on to `server`, but its first flight (what it says to the first bytes) damaged as `current` says. */
export function startMutatingProxy(server: TestServer, current: () => readonly Mutation[]): Promise<TestServer> {
  return listen(
    createServer((near) => {
      const far = connect(server.port, server.address);
      const changes = current();
      let first = true;
      far.on('data', (chunk: Buffer) => {
        near.write(first ? mutate(chunk, changes) : chunk);
        if (first && changes.some(({ hangUp }) => hangUp)) near.end();
        first = false;
      });
      near.on('data', (chunk: Buffer) => far.write(chunk));
      const both = (one: Socket, other: Socket): unknown =>
        one.on('error', () => undefined).on('close', () => other.destroy());
      both(near, far);
      both(far, near);
    }),
  );
}
