// Owns the tests of files that operators publish: asked for once a day, kept, used without a network, and refused when they are none.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import nock from 'nock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenBehind } from '../../../../test/support/broken-answer.ts';
import { offline } from '../../../../test/support/offline.ts';
import { publishers } from '../operators.ts';
import { isKeptFresh, type PublishedOptions, publishedFile } from '../published-file.ts';

const DAY_MS = 86_400_000;
const HOST = 'https://ranges.example';
let folder: string;

offline();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-published-'));
});
/** Begins as a list does, so that what breaks off would be taken for one. */
const half = (): Readable => brokenBehind('list ');
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const options = (part: Partial<PublishedOptions> = {}): PublishedOptions => ({
  ...{ url: `${HOST}/list.json`, path: join(folder, 'kept', 'list.json'), nowMs: 1_000_000, userAgent: 'outrider/1' },
  signal: new AbortController().signal,
  accept(text) {
    if (!text.startsWith('list')) throw new Error('none');
  },
  ...part,
});
const site = () => nock(HOST, { reqheaders: { 'user-agent': 'outrider/1' } }).get('/list.json');

test('it is fetched once, and for a day what is kept is enough', async () => {
  site().reply(200, 'list 1', { etag: '"a"' });
  const first = { text: 'list 1', checkedAtMs: 1_000_000, because: null };
  expect(await isKeptFresh(options())).toBe(false);
  expect(await publishedFile(options())).toEqual(first);
  expect(await isKeptFresh(options({ nowMs: 1_000_000 + DAY_MS - 1 }))).toBe(true);
  expect(await publishedFile(options({ nowMs: 1_000_000 + DAY_MS - 1 }))).toEqual(first);
  expect(await readdir(join(folder, 'kept'))).toEqual(['list.json']);
  expect((await stat(join(folder, 'kept', 'list.json'))).mode & 0o777).toBe(0o600);
});

test('after a day it is asked whether it changed, by its tag', async () => {
  site().reply(200, 'list 1', { etag: '"a"' });
  await publishedFile(options());
  const later = 1_000_000 + DAY_MS;
  site().matchHeader('if-none-match', '"a"').reply(304);
  expect(await publishedFile(options({ nowMs: later }))).toEqual({ text: 'list 1', checkedAtMs: later, because: null });
  // Which is enough for another day.
  expect(await isKeptFresh(options({ nowMs: later + 1 }))).toBe(true);
  site().matchHeader('if-none-match', '"a"').reply(200, 'list 2', { etag: 'W/"b"' });
  const last = later + DAY_MS;
  expect(await publishedFile(options({ nowMs: last }))).toEqual({ text: 'list 2', checkedAtMs: last, because: null });
  expect(await readFile(join(folder, 'kept', 'list.json'), 'utf8')).toContain('list 2');
});

test.each<[string, () => void, string]>([
  ['nobody can be reached', () => void site().replyWithError('down'), 'it cannot be reached'],
  ['the site is broken', () => void site().reply(503, 'sorry'), 'it answers HTTP 503'],
  ['the site wants to be left alone', () => void site().reply(429, '', { 'retry-after': '0' }), 'it answers HTTP 429'],
  ['the list is gone', () => void site().reply(404, 'list of what is there'), 'it answers HTTP 404'],
  ['the site wants to know who asks', () => void site().reply(403, 'list'), 'it answers HTTP 403'],
  ['there is only a part of it', () => void site().reply(206, 'list'), 'it answers HTTP 206'],
  ['nothing is there', () => void site().reply(200, ''), 'no list of address ranges'],
  ['it is half', () => void site().reply(200, () => half(), { 'content-length': '100' }), 'it cannot be reached'],
  [
    'it leads elsewhere',
    () => void site().reply(302, '', { location: 'https://evil.example/' }),
    'it answers HTTP 302',
  ],
  ['it is a page', () => void site().reply(200, '<html>'), 'no list of address ranges'],
  ['it is too large', () => void site().reply(200, Buffer.alloc(33_554_433, 'l')), 'it is larger than'],
])('where %s what is kept is used, and without it the reason is said', async (_title, prepare, because) => {
  prepare();
  const failed = await publishedFile(options());
  expect(failed).toEqual({ failed: expect.stringContaining(because) as string });
  nock.cleanAll();
  site().reply(200, 'list 1');
  await publishedFile(options());
  prepare();
  expect(await publishedFile(options({ nowMs: 1_000_000 + 3 * DAY_MS }))).toEqual({
    ...{ text: 'list 1', checkedAtMs: 1_000_000 },
    because: expect.stringContaining(because) as string,
  });
});

test.each([
  ['half a file', '{"tag":null,"che'],
  ['another text', '{"tag":null,"checkedAtMs":1000000}\n<html>'],
  ['no time', '{"tag":null}\nlist 0'],
  ['a time that is still to come', '{"tag":null,"checkedAtMs":1000001}\nlist 0'],
])('a kept file with %s is fetched anew', async (_title, content) => {
  const path = join(folder, 'list.json');
  await writeFile(path, content);
  site().reply(200, 'list 1');
  expect(await publishedFile(options({ path }))).toMatchObject({ text: 'list 1', because: null });
});

test('a tag that is none is not sent back, and a folder that cannot be written does not matter', async () => {
  site().reply(200, 'list 1', { etag: 'no tag' });
  await publishedFile(options());
  expect(await readFile(join(folder, 'kept', 'list.json'), 'utf8')).toMatch(/^\{"tag":null/);
  site().reply(200, 'list 1');
  const path = join('/dev/null', 'list.json');
  expect(await publishedFile(options({ path }))).toMatchObject({ text: 'list 1', because: null });
});

test.each([301, 302, 303, 307, 308])('a redirect with %d is not followed, whatever stands there', async (status) => {
  nock('https://evil.example').get('/').reply(200, 'list 2');
  site().reply(status, '', { location: 'https://evil.example/' });
  expect(await publishedFile(options())).toEqual({ failed: `it answers HTTP ${status}` });
  expect(nock.pendingMocks()).toEqual(['GET https://evil.example:443/']);
});

test('that nothing changed is no answer where nothing is kept', async () => {
  site().reply(304);
  expect(await publishedFile(options())).toEqual({ failed: 'it answers HTTP 304' });
});

test('it is asked for once, however it ends, and what it is called does not matter', async () => {
  const scope = site().times(2).reply(503, '', { 'retry-after': '0' });
  await publishedFile(options());
  expect(scope.isDone()).toBe(false);
  nock.cleanAll();
  site().reply(200, 'list 1', { 'content-type': 'text/html' });
  expect(await publishedFile(options())).toMatchObject({ text: 'list 1' });
});

test('an interrupt ends it', async () => {
  expect(await publishedFile(options({ signal: AbortSignal.abort() }))).toEqual({ failed: 'interrupted' });
});

test('every list is of one operator’s site, over HTTPS, and kept under a name of its own', () => {
  const files = publishers.flatMap((publisher) => publisher.files);
  expect(files.every(({ url }) => new URL(url).protocol === 'https:')).toBe(true);
  expect(new Set(files.map(({ file }) => file)).size).toBe(files.length);
});
