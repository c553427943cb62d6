#!/usr/bin/env node
// The command's first lines: refuse a Node that is too old in words, then start with the compile cache on. Its last words too:
// what nobody caught must not end as exit code 1, which a monitor reads as a verdict.
// Whole modules only: a name that an old Node does not export would end it before it is refused.
import module from 'node:module';
import util from 'node:util';
import { setFlagsFromString } from 'node:v8';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 26 || (major === 26 && minor < 9)) {
  process.stderr.write(
    `probe: needs Node.js 26.9 or newer, this is ${process.versions.node}\n` +
      '  older ones destroy the certificate chain that the server sent; in a clone use `npx probe`, which brings its own\n',
  );
  process.exitCode = 64;
} else {
  process.on('uncaughtException', (thrown: unknown) => {
    const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error('thrown without an error');
    // A reader that goes away (`probe --version | true`) is no error of ours. The agent has none: a pipe that breaks there is a connection that nobody minded.
    if (error.code === 'EPIPE' && process.argv[2] !== 'serve') process.exit(process.exitCode ?? 0);
    const isWrite = error.syscall === 'write' && error.errno !== undefined;
    const words = isWrite
      ? `cannot write: ${util.getSystemErrorMessage(error.errno ?? 0)}`
      : `a fault of this program: ${JSON.stringify(error.message.slice(0, 500))}`;
    const stack = (process.env['OUTRIDER_DEBUG'] ?? '') === '' ? '' : `${error.stack ?? ''}\n`;
    process.stderr.write(`probe: ${words}\n${stack}`);
    process.exit(3);
  });
  module.enableCompileCache();
  if (process.argv.length === 3 && ['--version', '-V'].includes(process.argv[2] ?? '')) {
    const { version } = await import('./version.ts');
    process.stdout.write(`${version}\n`);
  } else {
    // Names of probes are looked up in threads (getaddrinfo), in half of them at most, and one is held for seconds where no name server answers: with
    // libuv's four, two such names would hold up every other one.
    if (process.argv[2] === 'serve') process.env['UV_THREADPOOL_SIZE'] ??= '64';
    // The agent makes garbage all the time, and lives long: it is left to V8.
    else {
      // A ride makes garbage at a steady pace and keeps little. Left alone, V8 lets the heap grow to four times what lives
      // (120 MiB for 30 after 3000 samples); so bound, the ride costs a tenth more CPU time and 80 MiB less (bench/journey.ts).
      // A young generation this small is not worth the threads of a parallel scavenge, nor the arenas that malloc gives them.
      setFlagsFromString('--semi-space-growth-factor=1');
      // So bound, a sweep of 10,000 certificates takes little more than one of 2,000; without, 256 MiB, for a tenth less CPU (bench/certs.ts).
      setFlagsFromString('--heap-growing-percent=60');
      setFlagsFromString('--no-parallel-scavenge');
    }
    const { run } = await import('./main.ts');
    process.exitCode = await run(process.argv.slice(2));
  }
}
