import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Three suites. `unit` runs anywhere, offline and without root; `unit-kernel` proves that a socket of our own is no other to the world
// than Node's: the sampler's tests once more, by the kernel's clock; `system` drives real daemons (see test/system/README.md).
const unit = {
  testTimeout: 20_000,
  hookTimeout: 20_000,
  // Modules keep no state of their own between two users: read once for each worker, not once for each of 270 files.
  isolate: false,
  // Thousands of sockets, timers and processes on a machine that does other things too: one disturbed moment is no failure, and is told.
  retry: 1,
};

export default defineConfig({
  test: {
    // Most files wait for servers that are silent on purpose: more of them fit beside each other than there are processors.
    maxWorkers: Math.max(5, availableParallelism()),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/test/**/*.test.ts', 'probes/**/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/system/**', '**/node_modules/**', 'dist/**', 'probes/_template/**'],
          provide: { clock: 'loop' },
          ...unit,
        },
      },
      {
        test: {
          name: 'unit-kernel',
          include: ['sampler', 'sampler-fuzz', 'sampler-http2', 'sampler-tls'].map(
            (name) => `src/net/sample/test/${name}.test.ts`,
          ),
          provide: { clock: 'kernel' },
          ...unit,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Daemons, namespaces and clocks of a machine that does other things too: one disturbed second is no failure, and is told as a retry.
          retry: 1,
        },
      },
    ],
  },
});
