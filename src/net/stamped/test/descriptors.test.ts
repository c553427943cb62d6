// A sample without a descriptor to be had says so, is counted as nothing sent, and harms none after it: by either clock.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openLibc } from '../../libc/open.ts';
import { answering, startTcp } from '../../sample/test/servers.ts';

const { libc } = await openLibc();
const PROGRAM = fileURLToPath(new URL('few-descriptors.ts', import.meta.url));
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe.skipIf(process.platform !== 'linux')('no descriptor left', () => {
  test.for(['kernel', 'loop'] as const)('by the clock %s', { timeout: 60_000 }, async (clock, { skip }) => {
    if (clock === 'kernel' && libc === null) skip();
    await using server = await startTcp(answering(OK));
    const limited = ['-c', 'ulimit -n 128; exec "$0" "$@"', process.execPath, PROGRAM, `${server.port}`, clock];
    const { stdout } = await promisify(execFile)('/bin/sh', limited);
    expect(JSON.parse(stdout)).toEqual({ outcomes: ['200', 'no-descriptors@connect', '200'], connections: 2 });
  });
});
