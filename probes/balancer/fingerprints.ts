// Owns the table of headers and cookies by which balancers and edges give themselves away. Data only, each row with its source.
import type { Signal } from './evidence.ts';

export interface Fingerprint extends Pick<Signal, 'says' | 'product' | 'scope' | 'shields' | 'weight'> {
  /** Lower case. */
  readonly header: string;
  /** What the value must look like; null for any. Linear in time. */
  readonly pattern: RegExp | null;
  /** A cookie that keeps a caller with one host: the name it is told by. */
  readonly sticky?: string;
  readonly source: string;
}

const WAFW00F = 'https://github.com/EnableSecurity/wafw00f';
const wafw00f = (plugin: string): string => `${WAFW00F}/blob/master/wafw00f/plugins/${plugin}.py`;

/** A content delivery network or a web application firewall, which stands in front of all else. */
const EDGE = { scope: 'global', shields: true, weight: 3 } as const;
const REGIONAL = { scope: 'regional', shields: false, weight: 3 } as const;
const PROXY = { scope: null, shields: false, weight: 3 } as const;
/** A name that others may use too: not enough alone. */
const HINT = { scope: null, shields: false, weight: 1 } as const;

const amazon: readonly Fingerprint[] = [
  {
    ...{ header: 'server', pattern: /^awselb\//i, product: 'AWS ALB', ...REGIONAL },
    says: 'an AWS Application or Classic Load Balancer answered by itself',
    source: wafw00f('awswaf'),
  },
  {
    ...{ header: 'set-cookie', pattern: /^AWSALB(CORS|TG|TGCORS|APP-\d)?=/, product: 'AWS ALB', ...REGIONAL },
    sticky: 'AWSALB',
    says: 'stickiness cookie of an AWS Application Load Balancer',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html',
  },
  {
    ...{ header: 'set-cookie', pattern: /^AWSELB(CORS)?=/, product: 'AWS Classic Load Balancer', ...REGIONAL },
    sticky: 'AWSELB',
    says: 'stickiness cookie of an AWS Classic Load Balancer',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-sticky-sessions.html',
  },
  {
    ...{ header: 'x-amz-cf-pop', pattern: null, product: 'Amazon CloudFront', ...EDGE },
    says: 'passed a CloudFront point of presence',
    source: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/',
  },
  {
    ...{ header: 'x-amz-cf-id', pattern: null, product: 'Amazon CloudFront', ...EDGE },
    says: 'CloudFront gave the request an id',
    source: wafw00f('cloudfront'),
  },
  {
    ...{ header: 'via', pattern: /\.cloudfront\.net \(CloudFront\)/i, product: 'Amazon CloudFront', ...EDGE },
    says: 'passed CloudFront',
    source: wafw00f('cloudfront'),
  },
  {
    ...{ header: 'x-cache', pattern: /^\w+ from cloudfront$/i, product: 'Amazon CloudFront', ...EDGE },
    says: 'CloudFront says whether it had the answer',
    source: wafw00f('cloudfront'),
  },
  {
    ...{ header: 'x-amzn-waf-action', pattern: null, product: 'AWS WAF', ...EDGE, scope: null },
    says: 'AWS WAF answered with a challenge instead of the service',
    source: 'https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-actions.html',
  },
  {
    ...{ header: 'x-amz-apigw-id', pattern: null, product: 'AWS API Gateway', ...REGIONAL },
    says: 'AWS API Gateway (REST API) gave the request an id',
    source: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/ (context.extendedRequestId)',
  },
  {
    ...{ header: 'apigw-requestid', pattern: null, product: 'AWS API Gateway', ...REGIONAL },
    says: 'AWS API Gateway (HTTP API) gave the request an id',
    source: 'answers of execute-api endpoints in public repositories; no vendor page was found',
  },
  // A load balancer adds it to the request only: in an answer an API Gateway, a function or an application that echoes put it.
  {
    ...{ header: 'x-amzn-trace-id', pattern: /Root=1-[0-9a-f]{8}-/, product: null, ...HINT },
    says: 'the trace id that AWS gives a request on HTTP level came back with the answer',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html',
  },
];

const edges: readonly Fingerprint[] = [
  {
    ...{ header: 'cf-ray', pattern: /^[0-9a-f]{8,32}-[A-Z]{3}$/, product: 'Cloudflare', ...EDGE },
    says: 'passed a Cloudflare data centre',
    source: 'https://developers.cloudflare.com/fundamentals/reference/http-headers/',
  },
  {
    ...{ header: 'server', pattern: /^cloudflare\b/i, product: 'Cloudflare', ...EDGE },
    says: 'a Cloudflare edge server answered',
    source: wafw00f('cloudflare'),
  },
  {
    ...{ header: 'cf-mitigated', pattern: /^challenge$/i, product: 'Cloudflare', ...EDGE },
    says: 'Cloudflare answered with a challenge page instead of the service',
    source: 'https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/',
  },
  {
    ...{ header: 'set-cookie', pattern: /^__cflb=/, product: 'Cloudflare', ...EDGE },
    sticky: '__cflb',
    says: 'stickiness cookie of the Cloudflare load balancer',
    source: 'https://developers.cloudflare.com/learning-paths/load-balancing/planning/session-affinity/',
  },
  {
    ...{ header: 'x-served-by', pattern: /^cache-[a-z]+[0-9]*-[A-Z]{3}/i, product: 'Fastly', ...EDGE },
    says: 'passed a Fastly cache node',
    source: 'https://www.fastly.com/documentation/reference/http/http-headers/X-Served-By/',
  },
  {
    ...{ header: 'x-fastly-request-id', pattern: null, product: 'Fastly', ...EDGE },
    says: 'Fastly gave the request an id',
    source: wafw00f('fastly'),
  },
  {
    ...{ header: 'server', pattern: /^AkamaiGHost/, product: 'Akamai', ...EDGE },
    says: 'an Akamai edge server answered by itself',
    source: wafw00f('kona'),
  },
  {
    ...{ header: 'x-azure-ref', pattern: null, product: 'Azure Front Door', ...EDGE },
    says: 'Azure Front Door gave the request a reference',
    source: 'https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol',
  },
  {
    ...{ header: 'set-cookie', pattern: /^(incap_ses|visid_incap)/, product: 'Imperva', ...EDGE },
    says: 'session cookie of Imperva (Incapsula)',
    source: wafw00f('incapsula'),
  },
  {
    ...{ header: 'x-sucuri-id', pattern: null, product: 'Sucuri', ...EDGE },
    says: 'passed the Sucuri firewall',
    source: wafw00f('sucuri'),
  },
  {
    ...{ header: 'server', pattern: /^ddos-guard/i, product: 'DDoS-Guard', ...EDGE },
    says: 'a DDoS-Guard edge server answered',
    source: wafw00f('ddosguard'),
  },
];

const balancers: readonly Fingerprint[] = [
  {
    ...{ header: 'via', pattern: /(^|,)\s*1\.1 google\b/, product: 'Google Cloud Load Balancing', ...PROXY },
    says: 'passed a Google front end or load balancer',
    source: 'https://cloud.google.com/load-balancing/docs/https',
  },
  {
    ...{ header: 'set-cookie', pattern: /^GCLB=/, product: 'Google Cloud Load Balancing', ...PROXY },
    sticky: 'GCLB',
    says: 'stickiness cookie of a Google Cloud load balancer',
    source:
      'https://cloud.google.com/load-balancing/docs/backend-service#session_affinity (not opened; seen in answers)',
  },
  {
    ...{ header: 'set-cookie', pattern: /^ApplicationGatewayAffinity(CORS)?=/, product: 'Azure Application Gateway' },
    ...REGIONAL,
    sticky: 'ApplicationGatewayAffinity',
    says: 'stickiness cookie of an Azure Application Gateway',
    source: 'https://learn.microsoft.com/azure/application-gateway/configuration-http-settings',
  },
  {
    ...{ header: 'server', pattern: /^Microsoft-Azure-Application-Gateway\//, product: 'Azure Application Gateway' },
    ...REGIONAL,
    says: 'an Azure Application Gateway answered by itself',
    source: wafw00f('applicationgateway'),
  },
  // Application Gateway of the first version used the same name.
  {
    ...{ header: 'set-cookie', pattern: /^ARRAffinity(SameSite)?=/, product: 'Azure App Service', ...REGIONAL },
    sticky: 'ARRAffinity',
    says: 'stickiness cookie of Application Request Routing, as Azure App Service uses it',
    source:
      'https://azure.github.io/AppService/2016/05/16/Disable-Session-affinity-cookie-(ARR-cookie)-for-Azure-web-apps.html',
  },
  {
    ...{ header: 'set-cookie', pattern: /^BIGipServer[^=]*=/, product: 'F5 BIG-IP', ...PROXY },
    sticky: 'BIGipServer',
    says: 'persistence cookie of an F5 BIG-IP',
    source: wafw00f('f5bigipltm'),
  },
  {
    ...{ header: 'set-cookie', pattern: /^NSC_/, product: 'Citrix NetScaler', ...PROXY },
    sticky: 'NSC_',
    says: 'persistence cookie of a Citrix NetScaler',
    source: wafw00f('netscaler'),
  },
  // The name that HAProxy's manual uses; anybody may take it.
  {
    ...{ header: 'set-cookie', pattern: /^SERVERID=/, product: null, ...PROXY, weight: 2 },
    sticky: 'SERVERID',
    says: 'stickiness cookie as HAProxy is usually told to set it',
    source: 'https://docs.haproxy.org/2.6/configuration.html#4.2-cookie',
  },
  {
    ...{ header: 'set-cookie', pattern: /^ROUTEID=/, product: null, ...PROXY, weight: 2 },
    sticky: 'ROUTEID',
    says: 'stickiness cookie as Apache mod_proxy_balancer is usually told to set it',
    source: 'https://httpd.apache.org/docs/2.4/mod/mod_proxy_balancer.html#example',
  },
  {
    ...{ header: 'x-envoy-upstream-service-time', pattern: null, product: 'Envoy', ...PROXY },
    says: 'an Envoy proxy measured its upstream',
    source: 'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter',
  },
  {
    ...{ header: 'server', pattern: /^(istio-)?envoy$/, product: 'Envoy', ...PROXY },
    says: 'an Envoy proxy wrote the answer’s head',
    source: wafw00f('envoy'),
  },
  {
    ...{ header: 'x-kong-upstream-latency', pattern: null, product: 'Kong', ...PROXY },
    says: 'a Kong gateway measured its upstream',
    source: 'https://github.com/Kong/kong/blob/master/kong/constants.lua',
  },
  {
    ...{ header: 'x-kong-proxy-latency', pattern: null, product: 'Kong', ...PROXY },
    says: 'a Kong gateway measured itself',
    source: 'https://github.com/Kong/kong/blob/master/kong/constants.lua',
  },
  {
    ...{ header: 'x-varnish', pattern: /^\d+( \d+)?$/, product: 'Varnish', ...PROXY },
    says: 'passed a Varnish cache',
    source: 'https://varnish-cache.org/docs/',
  },
  {
    ...{ header: 'via', pattern: /./, product: null, ...PROXY, weight: 2 },
    says: 'a proxy that reads HTTP is on the way',
    source: 'RFC 9110 7.6.3',
  },
];

/** An HTTP header can only be added by something that reads HTTP: every row speaks for layer 7. */
export const fingerprints: readonly Fingerprint[] = [...edges, ...amazon, ...balancers];
