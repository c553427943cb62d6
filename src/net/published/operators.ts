// Owns where operators publish the lists of their addresses. Fetches nothing.

export interface PublishedFile {
  readonly url: string;
  /** What it is kept as: its shape is told by it where the text does not (Cloudflare). */
  readonly file: string;
}

export interface Publisher {
  readonly name: string;
  readonly files: readonly PublishedFile[];
}

export const publishers: readonly Publisher[] = [
  // https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html
  { name: 'aws', files: [{ url: 'https://ip-ranges.amazonaws.com/ip-ranges.json', file: 'aws.json' }] },
  // https://cloud.google.com/vpc/docs/configure-private-google-access#ip-addr-defaults
  {
    name: 'google',
    files: [
      { url: 'https://www.gstatic.com/ipranges/cloud.json', file: 'google-cloud.json' },
      { url: 'https://www.gstatic.com/ipranges/goog.json', file: 'google-all.json' },
    ],
  },
  // https://www.cloudflare.com/ips/
  {
    name: 'cloudflare',
    files: [
      { url: 'https://www.cloudflare.com/ips-v4', file: 'ips-v4' },
      { url: 'https://www.cloudflare.com/ips-v6', file: 'ips-v6' },
    ],
  },
  // https://www.fastly.com/documentation/reference/api/utils/public-ip-list/
  { name: 'fastly', files: [{ url: 'https://api.fastly.com/public-ip-list', file: 'fastly.json' }] },
  // https://docs.oracle.com/iaas/Content/General/Concepts/addressranges.htm: not to be asked for more often than once a day
  {
    name: 'oracle',
    files: [{ url: 'https://docs.oracle.com/en-us/iaas/tools/public_ip_ranges.json', file: 'oracle.json' }],
  },
  // https://docs.github.com/rest/meta/meta#get-github-meta-information
  { name: 'github', files: [{ url: 'https://api.github.com/meta', file: 'github.json' }] },
];

/** Microsoft publishes its list each week under another name, and says so: https://www.microsoft.com/download/details.aspx?id=56519 */
export const AZURE_PAGE = 'https://www.microsoft.com/download/details.aspx?id=56519';
