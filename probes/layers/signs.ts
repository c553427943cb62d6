// Owns the table of header fields by which layers that read HTTP give themselves away. Data only, each row with its source.
import type { LayerRecord } from './evidence.ts';

export interface Sign {
  /** Lower case. */
  readonly header: string;
  /** What the value must look like; linear in time. */
  readonly pattern: RegExp;
  readonly name: string;
  readonly kind: Extract<LayerRecord['kind'], 'edge' | 'proxy'>;
  /** `medium`: a name that others may use too. */
  readonly confidence: 'high' | 'medium';
  /** What the layer calls itself in Via, so that it is not told twice. */
  readonly via: RegExp | null;
  readonly source: string;
}

type Layer = Omit<Sign, 'header' | 'pattern'>;

const CLOUDFRONT: Layer = {
  ...{ name: 'Amazon CloudFront', kind: 'edge', confidence: 'high' },
  via: /\.cloudfront\.net$/i,
  source: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/',
};

const ENVOY: Layer = {
  ...{ name: 'Envoy', kind: 'proxy', confidence: 'high', via: /^envoy\b/i },
  source: 'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter',
};

const KONG: Layer = {
  ...{ name: 'Kong', kind: 'proxy', confidence: 'high', via: /^kong\b/i },
  source: 'https://github.com/Kong/kong (kong/constants.lua)',
};

const API_GATEWAY: Layer = {
  ...{ name: 'AWS API Gateway', kind: 'proxy', confidence: 'high', via: null },
  source: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/',
};

/** From the client inwards as they usually stand; the order of two of one kind is not known. */
export const signs: readonly Sign[] = [
  {
    ...{ header: 'cf-ray', pattern: /^[0-9a-f]{8,32}-[A-Z]{3}$/, name: 'Cloudflare', kind: 'edge' },
    ...{ confidence: 'high', via: /^cloudflare\b/i },
    source: 'https://developers.cloudflare.com/fundamentals/reference/http-headers/',
  },
  { header: 'x-amz-cf-pop', pattern: /./, ...CLOUDFRONT },
  { header: 'x-amz-cf-id', pattern: /./, ...CLOUDFRONT },
  { header: 'x-cache', pattern: /^\w+ from cloudfront$/i, ...CLOUDFRONT },
  {
    ...{ header: 'x-served-by', pattern: /^cache-[a-z]+[0-9]*-[A-Z]{3}/i, name: 'Fastly', kind: 'edge' },
    ...{ confidence: 'high', via: /^varnish$/i },
    source: 'https://www.fastly.com/documentation/reference/http/http-headers/X-Served-By/',
  },
  {
    ...{ header: 'server', pattern: /^AkamaiGHost/, name: 'Akamai', kind: 'edge', confidence: 'high', via: null },
    source: 'https://github.com/EnableSecurity/wafw00f',
  },
  {
    ...{ header: 'x-azure-ref', pattern: /./, name: 'Azure Front Door', kind: 'edge', confidence: 'high', via: null },
    source: 'https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol',
  },
  {
    ...{ header: 'x-sucuri-id', pattern: /./, name: 'Sucuri', kind: 'edge', confidence: 'high', via: null },
    source: 'https://github.com/EnableSecurity/wafw00f',
  },
  { header: 'x-amz-apigw-id', pattern: /./, ...API_GATEWAY },
  { header: 'apigw-requestid', pattern: /./, ...API_GATEWAY },
  { header: 'x-kong-upstream-latency', pattern: /^\d+$/, ...KONG },
  { header: 'x-kong-proxy-latency', pattern: /^\d+$/, ...KONG },
  { header: 'x-kong-response-latency', pattern: /^\d+$/, ...KONG },
  { header: 'x-envoy-upstream-service-time', pattern: /^\d+$/, ...ENVOY },
  { header: 'x-envoy-attempt-count', pattern: /^\d+$/, ...ENVOY },
  { header: 'server', pattern: /^(istio-)?envoy$/, ...ENVOY },
  // Anybody may number its answers so, Varnish does by default.
  {
    ...{ header: 'x-varnish', pattern: /^\d+( \d+)?$/, name: 'Varnish', kind: 'proxy', confidence: 'medium' },
    via: /varnish/i,
    source: 'https://varnish-cache.org/docs/',
  },
];
