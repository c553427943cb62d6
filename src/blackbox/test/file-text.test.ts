// Holds the text of a module's file to what the file says now.
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fileText } from '../file-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'file-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file that is written again is read again, were it as long and in the same moment', () => {
  const path = join(folder, 'ca.pem');
  for (let round = 0; round < 50; round++) {
    writeFileSync(path, `text ${round % 10}`);
    expect(fileText(path)).toBe(`text ${round % 10}`);
    expect(fileText(path)).toBe(`text ${round % 10}`);
  }
});

test('another file that takes its place is read, whatever its times say', () => {
  const [path, next] = [join(folder, 'key.pem'), join(folder, 'next.pem')];
  writeFileSync(path, 'one');
  expect(fileText(path)).toBe('one');
  writeFileSync(next, 'two');
  utimesSync(next, 1, 1);
  renameSync(next, path);
  expect(fileText(path)).toBe('two');
  expect(() => fileText(join(folder, 'gone.pem'))).toThrow('ENOENT');
});
