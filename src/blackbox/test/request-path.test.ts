// Holds the request line to what is written in a target, as Go's net/url leaves it; and what leaves the line to what Node makes of it.
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { requestPath } from '../probers/request-path.ts';
import { listening, probed, roomOf } from './asking.ts';

test.each([
  ['http://kms.example', '/'],
  ['kms.example', '/'],
  ['kms.example:8080/a', '/a'],
  ['[::1]:8080/a', '/a'],
  ['http://kms.example/a/../b', '/a/../b'],
  ['http://kms.example/a/%2e%2e/%2fb', '/a/%2e%2e/%2fb'],
  ['http://kms.example//a/./b/', '//a/./b/'],
  ['http://kms.example?', '/?'],
  ['http://kms.example/?q=a/../b&c=%zz', '/?q=a/../b&c=%zz'],
  ["http://kms.example/?it=it's", "/?it=it's"],
  ['http://user:pa@kms.example/a#part?no', '/a'],
  ['http://kms.example/a b', '/a%20b'],
  ['http://kms.example/?a b', '/?a%20b'],
  ['http://kms.example/é', '/%C3%A9'],
  ['http://kms.example/?"<é', '/?%22%3C%C3%A9'],
  ['http://kms.example\\a/../b', '/b'],
  ['http://kms.example/a\\..\\b', '/b'],
  ['http://kms.example/a\r\nX: y', '/aX:%20y'],
  ['http:/kms.example/../a', '/a'],
])('%j asks for %s', (target, path) => {
  const text = /^https?:/.test(target) ? target : `http://${target}`;
  expect(requestPath(target, new URL(text))).toBe(path);
});

test.each(['/a/../b?c=%2e%2e', '/%2e%2e/etc/passwd'])('%s is asked for as it stands', async (path) => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.end();
  });
  // /probe decodes a target twice, as the exporter does.
  const target = `127.0.0.1:${await listening(server)}${encodeURIComponent(path)}`;
  expect(await probed(roomOf('modules: {m: {prober: http}}'), 'm', target)).toContain('\nprobe_success 1\n');
  server.close();
  expect(asked).toEqual([path]);
});
