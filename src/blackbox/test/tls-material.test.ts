// Holds what a tls_config means to the files that it names: renewed ones are taken within a second, all of them together, and no probe asks for them in between.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { tlsConfig } from '../config/client.ts';
import { materialOf } from '../tls-material.ts';
import { type Identity, identity, ROOT_PEM } from './certified.ts';

const folder = mkdtempSync(join(tmpdir(), 'tls-material-'));
const path = (name: string): string => join(folder, name);
const write = ({ cert, key }: Identity): void => {
  writeFileSync(path('cert'), cert);
  writeFileSync(path('key'), key);
};

beforeAll(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterAll(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

test('an identity that was renewed is taken a second later, its certificate with its key', () => {
  writeFileSync(path('ca'), ROOT_PEM);
  write(identity());
  const config = { ...tlsConfig.zero, ca_file: path('ca'), cert_file: path('cert'), key_file: path('key') };
  const before = materialOf(config, null);
  const renewed = identity();
  vi.advanceTimersByTime(900);
  writeFileSync(path('cert'), renewed.cert);
  expect(materialOf(config, null)).toBe(before);
  writeFileSync(path('key'), renewed.key);
  expect(materialOf(config, null)).toBe(before);
  vi.advanceTimersByTime(100);
  const after = materialOf(config, null);
  expect(after).not.toBe(before);
  vi.advanceTimersByTime(1000);
  expect(materialOf(config, null)).toBe(after);
});

test('a file that has gone is missed a second later, and found again at once', () => {
  writeFileSync(path('ca'), ROOT_PEM);
  const config = { ...tlsConfig.zero, ca_file: path('ca') };
  const known = materialOf(config, null);
  rmSync(path('ca'));
  expect(materialOf(config, null)).toBe(known);
  vi.advanceTimersByTime(1000);
  for (let round = 0; round < 2; round++) expect(() => materialOf(config, null)).toThrow('unable to read CA cert');
  writeFileSync(path('ca'), ROOT_PEM);
  expect(materialOf(config, null)).toBe(known);
});

test('other roots of the machine are taken at once', () => {
  const own = { ...tlsConfig.zero };
  expect(materialOf(own, ROOT_PEM)).not.toBe(materialOf(own, null));
  expect(materialOf(own, ROOT_PEM)).toBe(materialOf({ ...own }, ROOT_PEM));
});
