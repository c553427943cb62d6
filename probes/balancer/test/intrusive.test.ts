import { describe, expect, test } from 'vitest';
import type { ConversationOffer, Converse } from '../../../src/contract/conversation.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { AnswerReader } from '../../../src/net/conversation/answer-reader.ts';
import { contextOf, endpointsOf, times, tracesOn } from '../../../test/support/traces.ts';
import { options } from '../defaults.ts';
import { dialects } from '../dialects.ts';
import { type BalancerEvidence, balancerEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { requestsOf } from '../intrusive.ts';
import { judgement } from '../judgement.ts';
import { balancer } from '../probe.ts';
import { section } from '../section.ts';

/** As the daemons answered, without what changes each time. */
const HAPROXY = page(
  '400 Bad request',
  'Content-length: 90',
  '<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n',
);
const NGINX = page(
  '400 Bad Request',
  'Server: nginx/1.22.1',
  '<html>\r\n<body>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n',
);
const APACHE = page(
  '400 Bad Request',
  'Server: Apache/2.4.71 (Debian)',
  '<h1>Bad Request</h1>\n<p>Your browser sent a request that this server could not understand.<br />\n</p>\n',
);
const VARNISH = page('400 Bad Request', 'Server: Varnish', '<hr>\n    <p>Varnish cache server</p>\n');
const CADDY = page(
  '400 Bad Request: missing required Host header',
  'Connection: close',
  '400 Bad Request: missing required Host header',
);
const LIGHTTPD = page(
  '501 Not Implemented',
  'Server: lighttpd/1.4.69',
  '<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n',
);
const NODE = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
const ALB = page(
  '400 Bad Request',
  'Server: awselb/2.0',
  '<html>\r\n<center><h1>400 Bad Request</h1></center>\r\n</html>\r\n',
);
const QUOTED = page('200 OK', 'Server: x', 'we quote <hr><center>nginx</center> here');

function page(status: string, field: string, body: string): string {
  return `HTTP/1.1 ${status}\r\n${field}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function seen(
  refusal: string,
  server: string | null,
  zones: readonly (string | null)[] = [null],
  intrusive = true,
) {
  const endpoints = endpointsOf(...zones);
  const offers: ConversationOffer[] = [];
  const sent: string[] = [];
  const converse: Converse = async (endpoint, offer) => {
    offers.push(offer);
    const message = offer.next([]);
    sent.push(
      `${endpoint.id} ${message === null || message === 'ride' ? String(message) : Buffer.from(message.bytes).toString('latin1').split('\r\n')[0]}`,
    );
    const reader = new AnswerReader(offer.bodyBytes, true);
    reader.push(Buffer.from(refusal, 'latin1'));
    reader.end();
    const answer = reader.read();
    const answers = answer === null ? [] : [{ ...answer, waitMs: 1 }];
    return { answers, sent: 1, end: 'closed', closedAfterMs: 3, problem: null };
  };
  const headers = server === null ? [] : [['Server', server] as const];
  const traces = endpoints.flatMap((endpoint) =>
    tracesOn(
      endpoint,
      times(6, () => ({ headers })),
    ),
  );
  const net = { now: () => 0, dns: undefined as never, converse };
  const given = { ...options, everyMs: 1, intrusive };
  const attempt = await gather(contextOf(given, endpoints, traces, { net }));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  balancerEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  expect(JSON.stringify(section(attempt.value).blocks)).toContain(intrusive ? 'breaks the rules' : '');
  expect(judgement.answer(attempt.value, { policy: {}, now: 0 } as never).summary).toHaveLength(1);
  return { value: attempt.value, offers, sent };
}

function told(given: Partial<typeof options>): string | null {
  const { sends } = balancer;
  return typeof sends === 'function' ? sends({ target: parseTarget('kms.example'), options: given }) : sends;
}

describe('who refuses', () => {
  test.each<[string, string, string | null, Partial<BalancerEvidence>]>([
    ['HAProxy', HAPROXY, 'gunicorn', { layer: 7, layerConfidence: 'strong', product: 'HAProxy' }],
    ['Varnish', VARNISH, null, { layer: 7, product: 'Varnish' }],
    ['nginx before another server', NGINX, 'gunicorn', { layer: 7, layerConfidence: 'weak', product: 'nginx' }],
    ['nginx that may be the host', NGINX, 'nginx', { layer: null, product: null }],
    ['nginx where ordinary answers name nobody', NGINX, null, { layer: null, product: null }],
    ['Apache before another server', APACHE, 'gunicorn', { layer: 7, product: 'Apache httpd' }],
    ['Apache that may be the host', APACHE, 'Apache', { layer: null, product: null }],
    ['lighttpd before another server', LIGHTTPD, 'gunicorn', { layer: 7, product: 'lighttpd' }],
    ['something in Go before another server', CADDY, 'nginx', { layer: 7, product: null }],
    ['AWS ALB', ALB, 'nginx', { layer: 7, product: 'AWS ALB', scope: 'regional' }],
    ['a host', NODE, 'nginx', { layer: null }],
    ['nobody, but a page quotes one', QUOTED, 'gunicorn', { layer: null }],
    ['nobody: nothing is answered', '', 'nginx', { layer: null }],
  ])('%s', async (_, refusal, server, expected) => {
    expect((await seen(refusal, server)).value).toMatchObject(expected);
  });
});

describe('what is sent', () => {
  test('six requests and one idle connection to one endpoint of each zone, and only when asked', async () => {
    const { value, sent } = await seen(NODE, 'x', ['a', 'a', 'b', null]);
    const [first, , third, fourth] = endpointsOf('a', 'a', 'b', null).map(({ id }) => id);
    const lines = [
      'GET / HTTP/1.1',
      'GET / HTTP/1.1',
      'OUTRIDER / HTTP/1.1',
      'GET / HTTP/9.9',
      'outrider',
      'GET / HTTP/1.1',
      'ride',
    ];
    expect(sent.toSorted()).toEqual(
      [first, third, fourth].flatMap((id) => lines.map((line) => `${id ?? ''} ${line}`)).toSorted(),
    );
    expect([value.intrusive?.trials.length, value.intrusive?.idle.length]).toEqual([18, 3]);
    expect((await seen(NODE, 'x', [null], false)).value.intrusive).toBeUndefined();
  });

  test('is bounded, says who asks, and could not be taken for two requests', () => {
    for (const [, text] of requestsOf(parseTarget('https://kms.example:8443/'))) {
      expect(text.length).toBeLessThan(21_000);
      expect(text).toContain('User-Agent: outrider\r\n');
      expect(text.endsWith('\r\n\r\n')).toBe(true);
      expect(text.split('\r\n\r\n')).toHaveLength(2);
      expect(text).not.toMatch(/content-length|transfer-encoding/i);
    }
    const hosts = requestsOf(parseTarget('http://kms.example/')).map(([, text]) => /^Host: (.*)\r$/m.exec(text)?.[1]);
    expect(hosts).toEqual([undefined, 'not/a host', 'kms.example', 'kms.example', 'kms.example', 'kms.example']);
  });

  test('is told by the plan', async () => {
    expect(told({})).not.toContain('INTRUSIVE');
    expect(told({ intrusive: true })).toContain('INTRUSIVE, to one endpoint of each zone');
    expect(told({ reuse: false, reverseNames: false })).toBeNull();
    expect(told({ reuse: false })).toContain('PTR of at most 16 addresses');
  });
});

test('every dialect has a source, and those that may be hosts the Server field that they write', () => {
  for (const { source, isProxy, server } of dialects) {
    expect(source).toMatch(/^(https:\/\/|measured on )/);
    expect(isProxy).toBe(server === null);
  }
});
