// Owns the table of DNS operators: how each names its name servers, and what it writes into a new zone. Data, no conclusions.

/** How an operator names the servers of one zone; a name that only contains an operator's name proves nothing. */
export interface ProviderRow {
  readonly operator: string;
  /** Anchored at both ends. */
  readonly pattern: RegExp;
  /** The operator's page, or a program of others that relies on it; `public zone data` where only zones show it. */
  readonly source: string;
}

const DNSCONTROL = 'https://github.com/StackExchange/dnscontrol/blob/main';
const ZONE_DATA = 'public zone data';

export const providerRows: readonly ProviderRow[] = [
  {
    operator: 'Route 53',
    pattern: /^ns-\d{1,4}\.awsdns-\d\d\.(?:com|net|org|co\.uk)$/,
    source: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html',
  },
  {
    operator: 'Route 53 (China)',
    pattern: /^ns-(?:intl-)?\d{1,4}\.awsdns-cn-\d[\da-f]\.(?:com|net|biz|top|cn)$/,
    source: 'https://github.com/v2fly/domain-list-community/blob/master/data/aws-cn',
  },
  // Also serves zones that moved from Google Domains to Squarespace, so this names the servers, not a cloud customer.
  {
    operator: 'Google Cloud DNS',
    pattern: /^ns-cloud-[a-z][1-4]\.googledomains\.com$/,
    source: 'https://github.com/kubernetes-sigs/external-dns/blob/master/docs/tutorials/gke.md',
  },
  {
    operator: 'Azure DNS',
    pattern: /^ns[1-4]-\d{2,3}\.azure-dns\.(?:com|net|org|info)$/,
    source: 'https://learn.microsoft.com/azure/dns/dns-delegate-domain-azure-dns',
  },
  {
    operator: 'Azure DNS (China)',
    pattern: /^ns[1-4]-\d{2,3}\.azure-dns\.cn$/,
    source: 'https://github.com/daixijun/mc-docs.zh-cn/blob/master/articles/dns/dns-get-started-template.md',
  },
  {
    operator: 'Cloudflare',
    pattern: /^[a-z]+\.(?:ns\.cloudflare\.com|foundationdns\.(?:com|net|org))$/,
    source: 'https://developers.cloudflare.com/dns/nameservers/',
  },
  {
    operator: 'NS1',
    pattern: /^dns[1-4]\.p\d\d\.nsone\.net$/,
    source: `${DNSCONTROL}/documentation/advanced-features/nameservers.md`,
  },
  // The source has the first shape; the zone of mit.edu shows the others.
  {
    operator: 'Akamai Edge DNS',
    pattern: /^(?:a\d{1,2}-\d{2,3}|ns1-\d{1,3}|(?:use|usw|usc|eur|asia)\d)\.akam\.net$/,
    source: 'https://github.com/mypdns/matrix/issues/10212',
  },
  {
    operator: 'UltraDNS',
    pattern: /^[psu]dns\d{1,4}\.ultradns\.(?:com|net|org|info|biz|co\.uk)$/,
    source: 'https://github.com/indianajson/can-i-take-over-dns/issues/29',
  },
  { operator: 'Dyn', pattern: /^ns[1-4]\.p\d\d\.dynect\.net$/, source: 'https://help.dyn.com/secondary-api/' },
  {
    operator: 'Oracle Cloud DNS',
    pattern: /^ns[1-4]\.p\d{1,4}\.dns\.oraclecloud\.net$/,
    source: `${DNSCONTROL}/documentation/provider/oracle.md`,
  },
  {
    operator: 'DNSimple',
    pattern: /^(?:ns[13]\.dnsimple\.com|ns2\.dnsimple-edge\.net|ns4\.dnsimple-edge\.org)$/,
    source: `${DNSCONTROL}/providers/dnsimple/dnsimpleProvider.go`,
  },
  {
    operator: 'DNS Made Easy',
    pattern: /^ns\d{1,2}\.dnsmadeeasy\.com$/,
    source: 'https://github.com/indianajson/can-i-take-over-dns/blob/main/README.md',
  },
  {
    operator: 'Constellix',
    pattern: /^ns(?:[123]1\.constellix\.com|[456]1\.constellix\.net)$/,
    source: ZONE_DATA,
  },
  { operator: 'Gandi', pattern: /^ns-\d{1,3}-[abc]\.gandi\.net$/, source: ZONE_DATA },
  {
    operator: 'OVHcloud',
    pattern: /^d?ns\d{1,3}\.(?:ovh\.(?:net|ca)|anycast\.me)$/,
    source:
      'https://github.com/ovh/docs/blob/develop/pages/web_cloud/domains/dns_server_general_information/guide.en-gb.md',
  },
  // The source names one of the three.
  {
    operator: 'Hetzner',
    pattern: /^(?:(?:hydrogen|oxygen)\.ns\.hetzner\.com|helium\.ns\.hetzner\.de)$/,
    source: 'https://docs.hetzner.com/networking/dns/record-types/ns-record/',
  },
  {
    operator: 'DigitalOcean',
    pattern: /^ns[1-3]\.digitalocean\.com$/,
    source: `${DNSCONTROL}/providers/digitalocean/digitaloceanProvider.go`,
  },
  {
    operator: 'Linode',
    pattern: /^ns[1-5]\.linode\.com$/,
    source: `${DNSCONTROL}/providers/linode/linodeProvider.go`,
  },
  { operator: 'Vultr', pattern: /^ns[12]\.vultr\.com$/, source: `${DNSCONTROL}/providers/vultr/vultrProvider.go` },
  {
    operator: 'Hurricane Electric',
    pattern: /^ns[1-5]\.he\.net$/,
    source: `${DNSCONTROL}/providers/hedns/hednsProvider.go`,
  },
  {
    operator: 'deSEC',
    pattern: /^(?:ns1\.desec\.io|ns2\.desec\.org)$/,
    source: `${DNSCONTROL}/providers/desec/desecProvider.go`,
  },
  {
    operator: 'INWX',
    pattern: /^(?:ns2?\.inwx\.de|ns3\.inwx\.eu)$/,
    source: `${DNSCONTROL}/providers/inwx/inwxProvider.go`,
  },
  {
    operator: 'Gcore',
    pattern: /^(?:ns1\.gcorelabs\.net|ns2\.gcdn\.services)$/,
    source: `${DNSCONTROL}/providers/gcore/gcoreProvider.go`,
  },
  {
    operator: 'Huawei Cloud DNS',
    pattern: /^ns1\.huaweicloud-dns\.(?:com|cn|net|org)$/,
    source: `${DNSCONTROL}/providers/huaweicloud/huaweicloudProvider.go`,
  },
  {
    operator: 'Namecheap',
    pattern: /^p?dns[12]\.registrar-servers\.com$/,
    source: `${DNSCONTROL}/providers/namecheap/namecheapProvider.go`,
  },
  {
    operator: 'Porkbun',
    pattern: /^(?:curitiba|fortaleza|maceio|salvador)\.ns\.porkbun\.com$/,
    source: `${DNSCONTROL}/providers/porkbun/porkbunProvider.go`,
  },
  {
    operator: 'IONOS',
    pattern: /^ns1\d{3}\.ui-dns\.(?:com|org|de|biz)$/,
    source:
      'https://www.ionos.es/ayuda/dominios/glosario-explicaciones-sobre-conceptos-y-temas-importantes/servidores-dns',
  },
  {
    operator: 'GoDaddy',
    pattern: /^ns\d\d\.domaincontrol\.com$/,
    source: 'https://github.com/AnalogJ/lexicon/issues/478',
  },
  { operator: 'Vercel', pattern: /^ns[12]\.vercel-dns\.com$/, source: 'https://github.com/vercel/vercel/issues/10876' },
  { operator: 'Bunny', pattern: /^(?:kiki|coco)\.bunny\.net$/, source: 'https://docs.bunny.net/dns/nameservers' },
  {
    operator: 'CSC',
    pattern: /^[pu]?dns[12]\.cscdns\.(?:net|uk)$/,
    source:
      'https://github.com/demisto/content/blob/master/Packs/CSCDomainManager/Integrations/CSCDomainManager/README.md',
  },
  {
    operator: 'MarkMonitor',
    pattern: /^ns[1-7]\.markmonitor\.com$/,
    source: 'https://github.com/indianajson/can-i-take-over-dns/issues/13',
  },
];

/**
 * The mailbox that an operator writes into the SOA of a new zone, by the same operator's name. It stays when the name servers get
 * names of the customer's own; whoever edits the zone may change it, so that it is a sign and no proof.
 */
export const soaMailboxes: readonly { readonly mailbox: string; readonly operator: string; readonly source: string }[] =
  [
    {
      mailbox: 'awsdns-hostmaster.amazon.com',
      operator: 'Route 53',
      source: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html',
    },
    {
      mailbox: 'cloud-dns-hostmaster.google.com',
      operator: 'Google Cloud DNS',
      source: ZONE_DATA,
    },
    {
      mailbox: 'azuredns-hostmaster.microsoft.com',
      operator: 'Azure DNS',
      source: 'https://learn.microsoft.com/azure/dns/dns-zones-records#soa-records',
    },
    {
      mailbox: 'dns.cloudflare.com',
      operator: 'Cloudflare',
      source: `${DNSCONTROL}/integrationTest/integration_test.go`,
    },
  ];

/** SOA timers (refresh, retry, expire, minimum in seconds) that an operator writes into every zone. */
export const usualTimers: readonly {
  readonly operator: string;
  readonly timers: readonly [number, number, number, number];
  readonly source: string;
}[] = [
  {
    operator: 'Route 53',
    timers: [7200, 900, 1_209_600, 86_400],
    source: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html',
  },
  { operator: 'Google Cloud DNS', timers: [21_600, 3600, 259_200, 300], source: ZONE_DATA },
  {
    operator: 'Azure DNS',
    timers: [3600, 300, 2_419_200, 300],
    source: 'https://learn.microsoft.com/azure/dns/dns-zones-records#soa-records',
  },
  {
    operator: 'Cloudflare',
    timers: [10_000, 2400, 604_800, 1800],
    source: 'https://github.com/dnsviz/dnsviz/issues/137',
  },
];

/** Operators whose serial says nothing of the version: they change zones without moving it. */
export const stillSerials: readonly { readonly operator: string; readonly source: string }[] = [
  {
    operator: 'Route 53',
    source: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html',
  },
  { operator: 'Azure DNS', source: 'https://learn.microsoft.com/azure/dns/dns-zones-records#soa-records' },
];
