// Owns the table of headers and cookies by which balancers and edges give themselves away. Data only, each row with its source.
import type { Signal } from './evidence.ts';

export interface Fingerprint extends Pick<Signal, 'says' | 'product' | 'scope' | 'shields' | 'weight'> {
  /** Lower case. */
  readonly header: string;
  /** What the value must look like; null for any. Linear in time. */
  readonly pattern: RegExp | null;
  readonly source: string;
}

const WAFW00F = 'https://github.com/EnableSecurity/wafw00f (signatures of its plugins)';

/** An HTTP header can only be added by something that reads HTTP: every row speaks for layer 7. */
export const fingerprints: readonly Fingerprint[] = [
  {
    ...{ header: 'server', pattern: /^awselb\//i, product: 'AWS ALB', scope: 'regional', shields: false, weight: 3 },
    says: 'an AWS Application or Classic Load Balancer answered by itself',
    source: WAFW00F,
  },
  {
    ...{ header: 'set-cookie', pattern: /^AWSALB(CORS|TG|TGCORS|APP-\d)?=/, product: 'AWS ALB' },
    ...{ scope: 'regional', shields: false, weight: 3 },
    says: 'stickiness cookie of an AWS Application Load Balancer',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html',
  },
  {
    ...{
      header: 'x-amz-cf-pop',
      pattern: null,
      product: 'Amazon CloudFront',
      scope: 'global',
      shields: true,
      weight: 3,
    },
    says: 'passed a CloudFront point of presence',
    source: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/',
  },
  {
    ...{ header: 'cf-ray', pattern: /^[0-9a-f]{8,32}-[A-Z]{3}$/, product: 'Cloudflare' },
    ...{ scope: 'global', shields: true, weight: 3 },
    says: 'passed a Cloudflare data centre',
    source: 'https://developers.cloudflare.com/fundamentals/reference/http-headers/',
  },
  {
    ...{ header: 'x-served-by', pattern: /^cache-[a-z]+[0-9]*-[A-Z]{3}/i, product: 'Fastly' },
    ...{ scope: 'global', shields: true, weight: 3 },
    says: 'passed a Fastly cache node',
    source: 'https://www.fastly.com/documentation/reference/http/http-headers/X-Served-By/',
  },
  {
    ...{ header: 'server', pattern: /^AkamaiGHost/, product: 'Akamai', scope: 'global', shields: true, weight: 3 },
    says: 'an Akamai edge server answered by itself',
    source: WAFW00F,
  },
  {
    ...{ header: 'via', pattern: /(^|,)\s*1\.1 google\b/, product: 'Google Cloud Load Balancing' },
    ...{ scope: null, shields: false, weight: 3 },
    says: 'passed a Google front end or load balancer',
    source: 'https://cloud.google.com/load-balancing/docs/https',
  },
  {
    ...{ header: 'set-cookie', pattern: /^BIGipServer[^=]*=/, product: 'F5 BIG-IP' },
    ...{ scope: null, shields: false, weight: 3 },
    says: 'persistence cookie of an F5 BIG-IP',
    source: WAFW00F,
  },
  {
    ...{ header: 'x-envoy-upstream-service-time', pattern: null, product: 'Envoy', scope: null, shields: false },
    weight: 3,
    says: 'an Envoy proxy measured its upstream',
    source: 'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter',
  },
  {
    ...{ header: 'x-kong-upstream-latency', pattern: null, product: 'Kong', scope: null, shields: false, weight: 3 },
    says: 'a Kong gateway measured its upstream',
    source: 'https://github.com/Kong/kong (kong/constants.lua)',
  },
  {
    ...{ header: 'x-varnish', pattern: /^\d+( \d+)?$/, product: 'Varnish', scope: null, shields: false, weight: 3 },
    says: 'passed a Varnish cache',
    source: 'https://varnish-cache.org/docs/',
  },
  {
    ...{ header: 'via', pattern: /./, product: null, scope: null, shields: false, weight: 2 },
    says: 'a proxy that reads HTTP is on the way',
    source: 'RFC 9110 7.6.3',
  },
];
