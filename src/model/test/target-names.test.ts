import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTargetName, readTargetText, targetNameRows } from '../target-names.ts';
import { dnsName, wireText } from '../text.ts';

/** Name, "operator product", region, zone. */
type Known = readonly [name: string, product: string, region: string | null, zone: string | null];

const NLB = 'my-load-balancer-1234567890abcdef.elb.us-east-2.amazonaws.com';

const known: readonly Known[] = [
  [NLB, 'AWS Network Load Balancer', 'us-east-2', null],
  [`us-east-2b.${NLB}`, 'AWS Network Load Balancer', 'us-east-2', 'us-east-2b'],
  [
    'us-west-2-lax-1a.k8s-shop-web-0123456789.elb.us-west-2.amazonaws.com',
    'AWS Network Load Balancer',
    'us-west-2',
    'us-west-2-lax-1a',
  ],
  ['a-0123456789abcdef.elb.cn-north-1.amazonaws.com.cn', 'AWS Network Load Balancer', 'cn-north-1', null],
  ['a-0123456789abcdef.elb.us-gov-west-1.amazonaws.com', 'AWS Network Load Balancer', 'us-gov-west-1', null],
  ['my-lb-1234567890.us-west-2.elb.amazonaws.com', 'AWS Application or Classic Load Balancer', 'us-west-2', null],
  [
    'dualstack.internal-my-lb-123456789.eu-west-1.elb.amazonaws.com',
    'AWS Application or Classic Load Balancer',
    'eu-west-1',
    null,
  ],
  ['a1234567890abcdef.awsglobalaccelerator.com', 'AWS Global Accelerator', null, null],
  ['a1234567890abcdef.dualstack.awsglobalaccelerator.com', 'AWS Global Accelerator', null, null],
  ['d111111abcdef8.cloudfront.net', 'AWS CloudFront', null, null],
  ['server-18-161-224-200.maa50.r.cloudfront.net', 'AWS CloudFront', null, null],
  ['d-abcde12345.execute-api.ap-southeast-2.amazonaws.com', 'AWS API Gateway', 'ap-southeast-2', null],
  [
    'vpce-0123456789abcdef0-abcdefgh.bedrock-runtime.us-east-1.vpce.amazonaws.com',
    'AWS VPC endpoint',
    'us-east-1',
    null,
  ],
  [
    'vpce-0123456789abcdef0-abcdefgh-us-east-1a.logs.us-east-1.vpce.amazonaws.com',
    'AWS VPC endpoint',
    'us-east-1',
    'us-east-1a',
  ],
  ['tqmbkpswubye2ubwg2lc2s7ele0ffbzz.lambda-url.us-east-1.on.aws', 'AWS Lambda', 'us-east-1', null],
  ['ec2-54-247-29-171.eu-west-1.compute.amazonaws.com', 'AWS EC2', 'eu-west-1', null],
  ['ec2-55-41-26-75.compute-1.amazonaws.com', 'AWS EC2', 'us-east-1', null],
  ['myendpoint-mdjf2jfgjf82mnzx.z01.azurefd.net', 'Microsoft Azure Front Door', null, null],
  ['region-azurefd-prod-ts1.trafficmanager.net', 'Microsoft Azure Front Door', null, null],
  ['part-0017.t-0009.t-msedge.net', 'Microsoft Azure Front Door', null, null],
  ['contoso.trafficmanager.net', 'Microsoft Azure Traffic Manager', null, null],
  ['contoso.azurewebsites.net', 'Microsoft Azure App Service', null, null],
  ['waws-prod-sg1-089.sip.azurewebsites.windows.net', 'Microsoft Azure App Service', null, null],
  ['waws-prod-sg1-089-34c2.southeastasia.cloudapp.azure.com', 'Microsoft Azure App Service', 'southeastasia', null],
  ['contoso.westeurope.cloudapp.azure.com', 'Microsoft Azure public IP address', 'westeurope', null],
  ['web-izeboapi4q-nn.a.run.app', 'Google Cloud Run', null, null],
  ['ghs.googlehosted.com', 'Google hosted service', null, null],
  ['17.83.155.104.bc.googleusercontent.com', 'Google Google Cloud', null, null],
  ['dualstack.guardian.map.fastly.net', 'Fastly CDN', null, null],
  ['dualstack.d.sni.global.fastly.net', 'Fastly CDN', null, null],
  ['github.global.ssl.fastly.net', 'Fastly CDN', null, null],
  ['www.example.com.edgekey.net', 'Akamai CDN', null, null],
  ['www.example.com.edgesuite.net', 'Akamai CDN', null, null],
  ['a1456.b.akamai.net', 'Akamai CDN', null, null],
  ['a23-44-13-2.deploy.static.akamaitechnologies.com', 'Akamai CDN', null, null],
  ['www.example.com.cdn.cloudflare.net', 'Cloudflare CDN', null, null],
  ['www.example.com.impervadns.net', 'Imperva CDN', null, null],
  ['www.example.com.w.alikunlun.com', 'Alibaba Cloud CDN', null, null],
  ['www.example.com.cdn.dnsv1.com', 'Tencent Cloud CDN', null, null],
  ['www.example.com.wscdns.com', 'Wangsu CDN', null, null],
  ['www.example.com.c.cdnhwc1.com', 'Huawei Cloud CDN', null, null],
  ['org-name.github.io', 'GitHub GitHub Pages', null, null],
  ['whispering-willow-5678.herokudns.com', 'Heroku Heroku', null, null],
  ['my-site.netlify.app', 'Netlify Netlify', null, null],
  ['cname.vercel-dns.com', 'Vercel Vercel', null, null],
  ['8c98d1fd65a6fb03.vercel-dns-017.com', 'Vercel Vercel', null, null],
];

const named = (text: string) => dnsName(text) ?? expect.unreachable(`${text} is no host name`);

describe('what a name says', () => {
  test.each(known)('%s: %s', (name, product, region, zone) => {
    const found = readTargetName(named(name));
    expect(found && [`${found.operator} ${found.product}`, found.region, found.zone]).toEqual([product, region, zone]);
  });

  test('every row is shown by a name', () => {
    const shown = new Set(known.map(([, product]) => product));
    expect(
      targetNameRows.map(({ operator, product }) => `${operator} ${product}`).filter((row) => !shown.has(row)),
    ).toEqual([]);
  });

  test('every row tells where the shape is documented', () => {
    for (const { source } of targetNameRows) expect(new URL(source).protocol).toBe('https:');
  });
});

describe('look-alikes say nothing', () => {
  test.each([
    'evil-amazonaws.com',
    'fakeelb.amazonaws.com.evil.example',
    'my-lb-1234567890.us-west-2.elb.amazonaws.com.evil.example',
    'my-lb-1234567890.us-west-2.elb.evil-amazonaws.com',
    'my-lb-1234567890.us-west-2.elb.amazonaws.org',
    'my-lb-1234567890.us-west-2.elb.amazonaws.com.cn.example',
    'elb.us-east-2.amazonaws.com',
    'us-east-2.elb.amazonaws.com',
    // The zone is of another region than the balancer: no name that AWS gives.
    `eu-west-1a.${NLB}`,
    `www.${NLB}`,
    `x.us-east-2b.${NLB}`,
    'sts.us-east-1.amazonaws.com',
    'awsglobalaccelerator.com',
    'a1234567890abcde.awsglobalaccelerator.com',
    'a1234567890abcdef.evilawsglobalaccelerator.com',
    'www.cloudfront.net',
    'd111111abcdef8.cloudfront.net.example',
    'azurefd.net',
    'evilazurefd.net',
    'trafficmanager.net',
    'eviltrafficmanager.net',
    'run.app',
    'prerun.app',
    'x.ghs.googlehosted.com',
    'fastly.net',
    'api.fastly.net',
    'edgekey.net',
    'www.example.comedgekey.net',
    'www.akamai.net',
    'cdn.cloudflare.net',
    'www.cloudflare.net',
    'herokudns.com',
    'github.io',
    'evilgithub.io',
    'dnsv1.com',
    'cname.vercel-dns-evil.com',
    'kms.example',
    'localhost',
  ])('%s', (name) => {
    expect(readTargetName(named(name))).toBeNull();
  });
});

describe('shapes end at label boundaries', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);

  test('a label of another domain behind a known name makes it nobody’s', () => {
    fc.assert(
      fc.property(fc.constantFrom(...known), label, ([name], more) => {
        fc.pre(`${name}.${more}` !== `${name}.cn`);
        expect(readTargetName(named(`${name}.${more}`))).toBeNull();
      }),
    );
  });

  test('characters glued to the last two labels make it nobody’s', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...known),
        fc.stringMatching(/^[a-z0-9]{1,5}$/),
        fc.boolean(),
        ([name], glue, isFront) => {
          const labels = name.split('.');
          const at = labels.length - 2;
          const changed = labels.with(at, isFront ? `${glue}${labels[at]}` : `${labels[at]}${glue}`).join('.');
          // `.amazonaws.com.cn` has its operator's label one further in.
          fc.pre(!name.endsWith('.cn'));
          // `vercel-dns-017` and `-01` are both Vercel's.
          fc.pre(!name.includes('vercel-dns'));
          expect(readTargetName(named(changed))).toBeNull();
        },
      ),
    );
  });
});

describe('names from the wire', () => {
  test.each([
    '',
    '.',
    `${NLB}\n`,
    `${NLB} `,
    `\u202e${NLB}`,
    'a'.repeat(5000),
    `${'a.'.repeat(130)}run.app`,
    '*.run.app',
    'x\\000.run.app',
  ])('what is no host name says nothing: %j', (text) => {
    expect(readTargetText(wireText(text, 10_000))).toBeNull();
  });

  test('case and a final dot do not count', () => {
    expect(readTargetText(wireText('My-Site.NETLIFY.app.'))).toMatchObject({
      product: 'Netlify',
      name: 'my-site.netlify.app',
    });
  });

  test('any text is read quickly and without a throw', () => {
    const piece = fc.constantFrom(
      'a',
      '-',
      '.',
      '1',
      'us-east-1',
      'elb',
      'vpce-',
      'amazonaws',
      'com',
      '-us-east-1a',
      'server-',
      'azurefd',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const found = readTargetText(wireText(pieces.join('')));
        if (found?.zone != null) expect(found.zone.startsWith(found.region ?? '?')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
