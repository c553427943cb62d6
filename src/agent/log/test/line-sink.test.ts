// Holds the way out of a log to what it is for: whoever reads slowly, not at all or no longer, and a full disk, hold nothing up; what is lost is counted.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLineSink } from '../line-sink.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Longer than any machine needs; a test that waits this long has failed. */
const LONG_MS = 10_000;

test('writes every line to a file, in order', async () => {
  const path = join(folder, 'file');
  const fd = openSync(path, 'a');
  const sink = openLineSink(fd);
  for (let at = 0; at < 3000; at++) sink.write(`line ${at}\n`);
  await sink.flush(LONG_MS);
  closeSync(fd);
  expect(readFileSync(path, 'utf8')).toBe(Array.from({ length: 3000 }, (_, at) => `line ${at}\n`).join(''));
  expect(sink.dropped()).toBe(0);
});

test('a full disk loses lines, and nothing else', async () => {
  const fd = openSync('/dev/full', 'w');
  const sink = openLineSink(fd);
  sink.write('one\n');
  await sink.flush(LONG_MS);
  sink.write('two\n');
  sink.write('three\n');
  await sink.flush(LONG_MS);
  closeSync(fd);
  expect(sink.dropped()).toBe(3);
});

test('a descriptor that is closed loses lines, and nothing else', async () => {
  const fd = openSync('/dev/null', 'w');
  closeSync(fd);
  const sink = openLineSink(fd);
  sink.write('one\n');
  await sink.flush(LONG_MS);
  expect(sink.dropped()).toBe(1);
});

test('a reader that does not read is not waited for: what does not fit is dropped, the rest comes when it reads', async () => {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const { O_RDWR, O_NONBLOCK, O_RDONLY } = constants;
  const fd = openSync(path, O_RDWR | O_NONBLOCK);
  fill(fd);
  const sink = openLineSink(fd, 1000);
  for (let at = 0; at < 300; at++) sink.write(`line ${String(at).padStart(4, '0')}\n`);
  // The first is under way, 100 of 10 characters wait.
  expect(sink.dropped()).toBe(199);
  await sink.flush(20);
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const room = Buffer.alloc(65_536);
  let text = '';
  while (!text.endsWith('line 0100\n')) {
    try {
      text += room.toString('latin1', 0, readSync(reader, room));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  closeSync(fd);
  closeSync(reader);
  expect(text.replaceAll('x', '').split('\n').length).toBe(101 + 1);
});

/** A pipe, to its brim. */
function fill(fd: number): void {
  for (const bytes of [Buffer.alloc(4096, 'x'), Buffer.alloc(1, 'x')]) {
    try {
      while (writeSync(fd, bytes) > 0);
    } catch {
      // Full.
    }
  }
}
