// Owns the table of pages with which servers and proxies refuse what is no proper request, by which they tell who reads it first.
// Data only, each row with its source. Header fields of refusals are read by fingerprints.ts, as those of all answers.

export interface Dialect {
  readonly software: string;
  /** It passes requests on and has no pages of its own: what it answers, it answers in front of the hosts. */
  readonly isProxy: boolean;
  /** Of the Server field of its ordinary answers; null: it writes none. */
  readonly server: RegExp | null;
  readonly where: 'body' | 'reason';
  /** Of the first 512 bytes of the body, or of the reason in the status line. Linear in time. */
  readonly pattern: RegExp;
  readonly source: string;
}

export const dialects: readonly Dialect[] = [
  {
    ...{ software: 'HAProxy', isProxy: true, server: null, where: 'body' },
    pattern: /\nYour browser sent an invalid request\.\n/,
    source: 'https://github.com/haproxy/haproxy/blob/master/src/http.c (http_err_msgs); measured on HAProxy 2.6',
  },
  {
    ...{ software: 'Varnish', isProxy: true, server: null, where: 'body' },
    pattern: /<p>Varnish cache server<\/p>/,
    source: 'measured on Varnish 7.1 (request without Host)',
  },
  {
    ...{ software: 'nginx', isProxy: false, server: /^(nginx|openresty|tengine)/i, where: 'body' },
    pattern: /<hr><center>(nginx|openresty|tengine)(\/[\d.]+)?<\/center>/i,
    source: 'measured on nginx 1.22',
  },
  {
    ...{ software: 'Apache httpd', isProxy: false, server: /^Apache/i, where: 'body' },
    pattern: /<p>Your browser sent a request that this server could not understand\.<br \/>/,
    // As a proxy it keeps the Server field of the host, else it writes its own: modules/http/http_filters.c.
    source: 'measured on Apache 2.4; https://github.com/apache/httpd/blob/trunk/modules/http/http_filters.c',
  },
  {
    ...{ software: 'lighttpd', isProxy: false, server: /^lighttpd/i, where: 'body' },
    pattern:
      /^<\?xml version="1\.0" encoding="iso-8859-1"\?>\n<!DOCTYPE html PUBLIC "-\/\/W3C\/\/DTD XHTML 1\.0 Transitional/,
    source: 'measured on lighttpd 1.4',
  },
  {
    ...{ software: 'a server written in Go', isProxy: false, server: /^Caddy/i, where: 'reason' },
    pattern: /: (missing required Host header|malformed Host header|unsupported protocol version)$/,
    source: 'measured on Caddy 2.6; https://github.com/golang/go/blob/master/src/net/http/server.go',
  },
  {
    ...{ software: 'HTTP.sys', isProxy: false, server: /^Microsoft-/i, where: 'body' },
    pattern: /<h2>Bad Request - Invalid Hostname<\/h2>/i,
    source:
      'https://learn.microsoft.com/archive/blogs/msdn/mike/http-400-bad-request-when-client-sends-invalid-httphost-header-value',
  },
];
