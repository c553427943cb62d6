// Owns the table of pages that balancers and edges answer with by themselves, by how they begin. Data only, each row with its source.
import type { Signal } from './evidence.ts';

export interface ErrorPage extends Pick<Signal, 'says' | 'product' | 'scope' | 'shields' | 'weight'> {
  /** Only of answers with one of these. */
  readonly statuses: readonly number[];
  /** Of the first 512 bytes. Linear in time. */
  readonly pattern: RegExp;
  readonly source: string;
}

const PROXY = { scope: null, shields: false, weight: 3 } as const;
const EDGE = { scope: 'global', shields: true, weight: 3 } as const;

/** What a gateway says of the server behind it (RFC 9110 15.6.3 to 15.6.5): who writes this page is no host. */
const GATEWAY = [502, 503, 504] as const;

export const errorPages: readonly ErrorPage[] = [
  {
    ...{
      statuses: [503],
      pattern: /\nNo server is available to handle this request\.\n/,
      product: 'HAProxy',
      ...PROXY,
    },
    says: 'HAProxy has no server left to ask, and says so itself',
    source: 'https://github.com/haproxy/haproxy/blob/master/src/http.c (http_err_msgs)',
  },
  {
    ...{ statuses: [502], pattern: /\nThe server returned an invalid or incomplete response\.\n/, product: 'HAProxy' },
    ...PROXY,
    says: 'HAProxy did not understand its server, and says so itself',
    source: 'https://github.com/haproxy/haproxy/blob/master/src/http.c (http_err_msgs)',
  },
  {
    ...{ statuses: [504], pattern: /\nThe server didn't respond in time\.\n/, product: 'HAProxy', ...PROXY },
    says: 'HAProxy waited too long for its server, and says so itself',
    source: 'https://github.com/haproxy/haproxy/blob/master/src/http.c (http_err_msgs)',
  },
  {
    ...{ statuses: [400], pattern: /\nYour browser sent an invalid request\.\n/, product: 'HAProxy', ...PROXY },
    says: 'HAProxy refused the request by itself',
    source: 'https://github.com/haproxy/haproxy/blob/master/src/http.c (http_err_msgs)',
  },
  {
    ...{ statuses: GATEWAY, pattern: /<hr><center>nginx(\/[\d.]+)?<\/center>/, product: 'nginx', ...PROXY },
    says: 'nginx could not reach the server behind it, and says so itself',
    source: 'measured on nginx 1.22 before a server that was gone',
  },
  {
    ...{ statuses: GATEWAY, pattern: /^(upstream connect error or disconnect\/reset before|no healthy upstream)/ },
    ...{ product: 'Envoy', ...PROXY },
    says: 'Envoy could not reach the server behind it, and says so itself',
    source: 'https://github.com/envoyproxy/envoy (integration tests of the router)',
  },
  {
    ...{ statuses: [403, 502, 503, 504], pattern: /<TITLE>ERROR: The request could not be satisfied<\/TITLE>/ },
    ...{ product: 'Amazon CloudFront', ...EDGE },
    says: 'CloudFront answered with an error page of its own',
    source: 'https://github.com/EnableSecurity/wafw00f/blob/master/wafw00f/plugins/cloudfront.py',
  },
  {
    ...{ statuses: [403], pattern: /<center>Microsoft-Azure-Application-Gateway\/v2<\/center>/ },
    ...{ product: 'Azure Application Gateway', scope: 'regional', shields: true, weight: 3 },
    says: 'the firewall of an Azure Application Gateway refused the request',
    source: 'https://github.com/EnableSecurity/wafw00f/blob/master/wafw00f/plugins/applicationgateway.py',
  },
];
