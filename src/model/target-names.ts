// Owns what a name itself says about where it leads: the balancer, CDN or platform, its region and its zone. One row a shape.
// Never asks anybody, and never reads more out of a name than its owner documents: a look-alike is nothing.
import { type DnsName, dnsName, interpret, type WireText } from './text.ts';

/** `address`: the owner names its machines so; what stands on the address is not told. */
export type TargetKind = 'balancer' | 'cdn' | 'platform' | 'address';

export interface TargetName {
  readonly name: DnsName;
  readonly product: string;
  readonly operator: string;
  readonly kind: TargetKind;
  /** As the operator writes it: `eu-west-1`. Null when the name tells none, which for CDNs means everywhere. */
  readonly region: string | null;
  /** Availability zone, when the name leads to that zone only. */
  readonly zone: string | null;
  /** Where the operator documents the shape, or a kept list of others has it from. */
  readonly source: string;
}

export interface TargetNameRow {
  readonly operator: string;
  readonly product: string;
  readonly kind: TargetKind;
  /** Of the whole name, or of its last labels (then it begins with a dot). Groups `region` and `zone` are told. */
  readonly pattern: RegExp;
  /** Where the shape tells none but has only one. */
  readonly region?: string;
  readonly source: string;
}

const CDNCHECK = 'https://github.com/projectdiscovery/cdncheck/blob/main/cmd/generate-index/provider.yaml';

const AWS_REGION = '(?<region>[a-z]{2}-[a-z]+(?:-[a-z]+)?-\\d{1,2})';
/** Two or three labels of a zone before its letter: a local zone adds its place (`us-west-2-lax-1a`). */
const AWS_ZONE = '(?<zone>[a-z]{2}-[a-z]+(?:-[a-z]+)?-\\d{1,2}(?:-[a-z]{3}-\\d{1,2})?[a-z])';
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const amazon = (shape: string): RegExp => new RegExp(`^${shape}\\.amazonaws\\.com(?:\\.cn)?$`);

/** The first row that fits counts. */
export const targetNameRows: readonly TargetNameRow[] = [
  {
    operator: 'AWS',
    product: 'Network Load Balancer',
    kind: 'balancer',
    pattern: amazon(`(?:${AWS_ZONE}\\.)?${LABEL}\\.elb\\.${AWS_REGION}`),
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html#dns-name',
  },
  // Application and Classic Load Balancers share one shape; HTTP tells them apart.
  {
    operator: 'AWS',
    product: 'Application or Classic Load Balancer',
    kind: 'balancer',
    pattern: amazon(`(?:(?:dualstack|ipv6)\\.)?[a-z0-9-]{1,52}-\\d{6,12}\\.${AWS_REGION}\\.elb`),
    source: 'https://repost.aws/knowledge-center/elb-configure-with-ipv6',
  },
  {
    operator: 'AWS',
    product: 'Global Accelerator',
    kind: 'balancer',
    pattern: /^a[0-9a-f]{16}(?:\.dualstack)?\.awsglobalaccelerator\.com$/,
    source: 'https://docs.aws.amazon.com/global-accelerator/latest/api/API_Accelerator.html',
  },
  {
    operator: 'AWS',
    product: 'CloudFront',
    kind: 'cdn',
    pattern: /^(?:d[0-9a-z]{8,16}|server-[0-9a-f-]{7,45}\.[a-z]{3}\d{1,3}\.r)\.cloudfront\.net$/,
    source: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-values-returned.html',
  },
  {
    operator: 'AWS',
    product: 'API Gateway',
    kind: 'platform',
    pattern: amazon(`(?:d-)?[0-9a-z]{8,12}\\.execute-api\\.${AWS_REGION}`),
    source: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html',
  },
  {
    operator: 'AWS',
    product: 'VPC endpoint',
    kind: 'balancer',
    pattern: amazon(`vpce-[0-9a-f]{8,17}-[0-9a-z]{8}(?:-${AWS_ZONE})?(?:\\.${LABEL}){1,3}\\.${AWS_REGION}\\.vpce`),
    source: 'https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html',
  },
  {
    operator: 'AWS',
    product: 'Lambda',
    kind: 'platform',
    pattern: new RegExp(`^[0-9a-z]{32}\\.lambda-url\\.${AWS_REGION}\\.on\\.aws$`),
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html',
  },
  {
    operator: 'AWS',
    product: 'EC2',
    kind: 'address',
    pattern: amazon(`ec2-\\d{1,3}-\\d{1,3}-\\d{1,3}-\\d{1,3}\\.${AWS_REGION}\\.compute`),
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html',
  },
  // us-east-1 is older than the naming of regions.
  {
    operator: 'AWS',
    product: 'EC2',
    kind: 'address',
    pattern: /^ec2-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}\.compute-1\.amazonaws\.com$/,
    region: 'us-east-1',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html',
  },
  {
    operator: 'Microsoft Azure',
    product: 'Front Door',
    kind: 'cdn',
    pattern: /\.azurefd\.net$|^[a-z0-9-]*azurefd-prod[a-z0-9-]*\.trafficmanager\.net$|\.t-msedge\.net$/,
    source: 'https://learn.microsoft.com/azure/frontdoor/endpoint',
  },
  {
    operator: 'Microsoft Azure',
    product: 'Traffic Manager',
    kind: 'balancer',
    pattern: /\.trafficmanager\.net$/,
    source: 'https://learn.microsoft.com/azure/traffic-manager/traffic-manager-point-internet-domain',
  },
  {
    operator: 'Microsoft Azure',
    product: 'App Service',
    kind: 'platform',
    pattern:
      /\.azurewebsites\.net$|^waws-prod-[a-z0-9-]+\.sip\.azurewebsites\.windows\.net$|^waws-prod-[a-z0-9-]+\.(?<region>[a-z0-9]+)\.cloudapp\.azure\.com$/,
    source: 'https://learn.microsoft.com/azure/app-service/app-service-web-tutorial-custom-domain',
  },
  {
    operator: 'Microsoft Azure',
    product: 'public IP address',
    kind: 'address',
    pattern: new RegExp(`^${LABEL}\\.(?<region>[a-z0-9]+)\\.cloudapp\\.azure\\.com$`),
    source: 'https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses#dns-name-label',
  },
  {
    operator: 'Google',
    product: 'Cloud Run',
    kind: 'platform',
    pattern: /\.run\.app$/,
    source: 'https://cloud.google.com/run/docs/mapping-custom-domains',
  },
  {
    operator: 'Google',
    product: 'hosted service',
    kind: 'platform',
    pattern: /^ghs\.googlehosted\.com$/,
    source: 'https://cloud.google.com/run/docs/mapping-custom-domains',
  },
  {
    operator: 'Google',
    product: 'Google Cloud',
    kind: 'address',
    pattern: /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\.bc\.googleusercontent\.com$/,
    source: 'https://cloud.google.com/compute/docs/instances/create-ptr-record',
  },
  {
    operator: 'Fastly',
    product: 'CDN',
    kind: 'cdn',
    pattern: /\.(?:map|sni\.global|global\.ssl|freetls)\.fastly\.net$/,
    source: 'https://www.fastly.com/documentation/guides/concepts/routing-traffic-to-fastly',
  },
  {
    operator: 'Akamai',
    product: 'CDN',
    kind: 'cdn',
    pattern:
      /\.(?:edgekey|edgesuite|akamaized|akamaiedge|akamaihd)\.net$|^a\d+\.[a-z0-9]+\.akamai\.net$|^[ag][0-9a-f-]+\.deploy\.static\.akamaitechnologies\.com$/,
    source: 'https://techdocs.akamai.com/edge-hostnames/docs/edge-hn-terminology',
  },
  {
    operator: 'Cloudflare',
    product: 'CDN',
    kind: 'cdn',
    pattern: /\.cdn\.cloudflare\.net$/,
    source: 'https://developers.cloudflare.com/dns/zone-setups/partial-setup/',
  },
  {
    operator: 'Imperva',
    product: 'CDN',
    kind: 'cdn',
    pattern: /\.impervadns\.net$/,
    source: CDNCHECK,
  },
  {
    operator: 'Alibaba Cloud',
    product: 'CDN',
    kind: 'cdn',
    pattern: /\.(?:kunlun(?:pi|ea|ca|can)|alikunlun|cdngslb)\.com$/,
    source: CDNCHECK,
  },
  {
    operator: 'Tencent Cloud',
    product: 'CDN',
    kind: 'cdn',
    pattern: /\.(?:cdn\.dnsv1|tdnsv5|cdntip)\.com$/,
    source: CDNCHECK,
  },
  {
    operator: 'Wangsu',
    product: 'CDN',
    kind: 'cdn',
    pattern: /\.(?:wscdns|wswebcdn|wsglb0)\.com$/,
    source: CDNCHECK,
  },
  {
    operator: 'Huawei Cloud',
    product: 'CDN',
    kind: 'cdn',
    pattern: /\.cdnhwc[123]\.com$/,
    source: CDNCHECK,
  },
  {
    operator: 'GitHub',
    product: 'GitHub Pages',
    kind: 'platform',
    pattern: /\.github\.io$/,
    source: 'https://docs.github.com/en/pages/configuring-a-custom-domain-for-your-github-pages-site',
  },
  {
    operator: 'Heroku',
    product: 'Heroku',
    kind: 'platform',
    pattern: /\.(?:herokudns|herokuapp)\.com$/,
    source: 'https://devcenter.heroku.com/articles/custom-domains',
  },
  {
    operator: 'Netlify',
    product: 'Netlify',
    kind: 'platform',
    pattern: /\.netlify\.app$/,
    source: 'https://www.netlify.com/blog/2020/03/26/how-to-set-up-netlify-dns-custom-domains-cname-and-a-records/',
  },
  {
    operator: 'Vercel',
    product: 'Vercel',
    kind: 'platform',
    pattern: /\.vercel-dns(?:-0\d{0,2})?\.com$|\.vercel\.app$/,
    source: 'https://vercel.com/docs/domains/set-up-custom-domain',
  },
];

/** What the name says, or null when no documented shape fits. */
export function readTargetName(name: DnsName): TargetName | null {
  for (const { pattern, region: only = null, ...row } of targetNameRows) {
    const found = pattern.exec(name);
    if (found === null) continue;
    const region = found.groups?.['region'] ?? only;
    const zone = found.groups?.['zone'] ?? null;
    // A zone's name begins with its region's: anything else is a label that happens to look like one.
    if (zone === null || (region !== null && zone.startsWith(region))) return { name, ...row, region, zone };
  }
  return null;
}

/** The same for a name that came from the wire, such as the one an address is said to have. */
export function readTargetText(text: WireText): TargetName | null {
  const name = interpret(text, dnsName);
  return name === null ? null : readTargetName(name);
}
