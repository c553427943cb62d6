// Owns what is valid in a blackbox.yml and yet hardly meant: said with the reason and what to write instead. Pure: refuses nothing.
import { hasProxy } from '../proxy-choice.ts';
import { isJwtBearer } from './client.ts';
import {
  type BlackboxConfig,
  blackboxConfig,
  type Module,
  moduleDefaults,
  type Prober,
  type RrValidator,
} from './modules.ts';

export interface LintFinding {
  /** Stable name of the rule. */
  readonly rule: (typeof RULES)[number];
  readonly module: string;
  readonly says: string;
  readonly remedy: string;
}

export const RULES = [
  'dead-block',
  'inverted-all-match',
  'unverified-expiry',
  'masked-timeout',
  'handshake-capped',
  'starttls-without-step',
  'pattern-fits-all',
  'unusable-pattern',
  'family-without-fallback',
  'never-decoded',
  'unsigned-grant',
  'unheeded-client',
  'extension',
  'unused-extension',
  'squeezed-attempts',
] as const;

type Said = Omit<LintFinding, 'module'>;

const BLOCKS: readonly Prober[] = ['http', 'tcp', 'icmp', 'dns', 'grpc', 'unix', 'websocket'];

/** Prometheus' scrape_timeout where nobody gives one, s. */
const SCRAPE_SECONDS = 10;
/** net/http's TLSHandshakeTimeout in Prometheus' client, s: blackbox_exporter #751. */
const HANDSHAKE_SECONDS = 10;

/** @param compiles whether a pattern is one of RE2: those of the dns prober are looked at only when it probes */
export function lintBlackbox(config: BlackboxConfig, compiles: (pattern: string) => boolean): readonly LintFinding[] {
  return [...config.modules].flatMap(([name, module]) =>
    [
      ...deadBlocks(module),
      ...timeouts(module),
      ...tlsSaid(module),
      ...dialogues(module),
      ...validators(module, compiles),
      ...httpSaid(module),
      ...clientSaid(module),
      ...extensionSaid(module),
    ].map((said) => ({ module: name, ...said })),
  );
}

/** Blocks that hold something other than their defaults, of another prober than the module's. */
function deadBlocks(module: Module): readonly Said[] {
  const plain = shownBlocks({ ...moduleDefaults, prober: module.prober });
  const given = shownBlocks(module);
  return BLOCKS.filter((block) => block !== module.prober && given[block] !== plain[block]).map((block) => ({
    rule: 'dead-block' as const,
    says: `the block "${block}" is never read: the prober is ${module.prober}`,
    remedy: `move what it says to "${module.prober}", or take it out`,
  }));
}

function shownBlocks(module: Module): Readonly<Record<string, string>> {
  const shown = blackboxConfig.show({ modules: new Map([['m', module]]) }) as {
    readonly modules: { readonly m: Record<string, unknown> };
  };
  return Object.fromEntries(BLOCKS.map((block) => [block, JSON.stringify(shown.modules.m[block] ?? null)]));
}

function timeouts({ timeout, prober, http }: Module): readonly Said[] {
  const seconds = timeout / 1000;
  const said: Said[] = [];
  if (seconds >= SCRAPE_SECONDS)
    said.push({
      rule: 'masked-timeout',
      says: `the timeout of ${seconds} s never comes to pass where Prometheus scrapes with its default of ${SCRAPE_SECONDS} s: the scrape's own, less the offset, is shorter`,
      remedy: `give the job a scrape_timeout above ${seconds}s, or the module a shorter one`,
    });
  if (prober === 'http' && seconds > HANDSHAKE_SECONDS && !http.fail_if_ssl)
    said.push({
      rule: 'handshake-capped',
      says: `blackbox_exporter gives a TLS handshake ${HANDSHAKE_SECONDS} s, whatever the timeout is`,
      remedy: 'do not count on more for the handshake',
    });
  return said;
}

/** Speaks TLS by the prober that it names, and takes any certificate. */
export function isUnverified(module: Module): boolean {
  const { prober, http, tcp, unix, dns, grpc, websocket } = module;
  const configs = {
    http: http.tls_config,
    tcp: tcp.tls_config,
    unix: unix.tls_config,
    dns: dns.tls_config,
    grpc: grpc.tls_config,
    websocket: websocket.http_config.tls_config,
    icmp: null,
  };
  return configs[prober]?.insecure_skip_verify === true;
}

function tlsSaid(module: Module): readonly Said[] {
  if (!isUnverified(module)) return [];
  const chain = ['http', 'tcp', 'unix'].includes(module.prober)
    ? 'probe_ssl_last_chain_expiry_timestamp_seconds is -62135596800, so that an alert on it fires always or never, and '
    : '';
  return [
    {
      rule: 'unverified-expiry',
      says: `insecure_skip_verify: ${chain}a wrong or expired certificate is a success`,
      remedy:
        'trust the right root by ca_file and name the host by server_name; probe serve tells probe_ssl_breaks_timestamp_seconds and probe_ssl_chain_fault_info all the same',
    },
  ];
}

function dialogues({ prober, tcp, unix, websocket }: Module): readonly Said[] {
  const steps = {
    tcp: tcp.query_response,
    unix: unix.query_response,
    websocket: websocket.query_response,
    http: [],
    dns: [],
    grpc: [],
    icmp: [],
  }[prober];
  const said: Said[] = [];
  if (steps[0]?.starttls === true && prober !== 'websocket')
    said.push({
      rule: 'starttls-without-step',
      says: 'the dialogue begins with starttls: nothing was asked of the server in the clear',
      remedy: 'write tls: true, or the steps that ask for STARTTLS before it',
    });
  if (steps.some(({ expect }) => expect !== null && expect.test('')))
    said.push({
      rule: 'pattern-fits-all',
      says: 'an expect fits the empty line, and so every one: the step passes whatever is said',
      remedy: 'say what the line must hold, anchored by ^',
    });
  return said;
}

function validators({ prober, dns }: Module, compiles: (pattern: string) => boolean): readonly Said[] {
  if (prober !== 'dns') return [];
  const all: readonly RrValidator[] = [
    dns.validate_answer_rrs,
    dns.validate_authority_rrs,
    dns.validate_additional_rrs,
  ];
  const said: Said[] = [];
  if (all.some(({ fail_if_all_match_regexp }) => fail_if_all_match_regexp.length > 0))
    said.push({
      rule: 'inverted-all-match',
      says: 'fail_if_all_match_regexp fails when NOT all records match: blackbox_exporter has it the wrong way round',
      remedy: 'write fail_if_not_matches_regexp if that is meant; --no-quirks turns it round',
    });
  const broken = all
    .flatMap((one) => [
      ...one.fail_if_matches_regexp,
      ...one.fail_if_all_match_regexp,
      ...one.fail_if_not_matches_regexp,
      ...one.fail_if_none_matches_regexp,
    ])
    .find((pattern) => !compiles(pattern));
  if (broken !== undefined)
    said.push({
      rule: 'unusable-pattern',
      says: `the pattern ${JSON.stringify(broken)} is none of RE2: every probe with it fails, and nothing says so when the file is loaded`,
      remedy: 'mend it: RE2 has no look-around and no back-references',
    });
  return said;
}

/** What a client config says that no probe can do, or that only this program does. */
function clientSaid({ prober, http, websocket }: Module): readonly Said[] {
  const client = prober === 'http' ? http : prober === 'websocket' ? websocket.http_config : null;
  if (client === null) return [];
  const said: Said[] = [];
  const { oauth2 } = client;
  if (oauth2 !== null && isJwtBearer(oauth2)) {
    const { client_certificate_key, client_certificate_key_file, client_certificate_key_ref } = oauth2;
    if (client_certificate_key + client_certificate_key_file + client_certificate_key_ref === '')
      said.push({
        rule: 'unsigned-grant',
        says: 'oauth2 by jwt-bearer without a key to sign with: every probe fails, and nothing says so when the file is loaded',
        remedy: 'write client_certificate_key_file, an RSA key in PEM; a client_secret is not used by this grant',
      });
  }
  if (prober === 'websocket' && (oauth2 !== null || hasProxy(client)))
    said.push({
      rule: 'unheeded-client',
      says: 'blackbox_exporter passes over proxies and oauth2 of a websocket module, and probes straight and without a token; probe serve heeds them',
      remedy: 'take them out if that is what is meant',
    });
  return said;
}

function httpSaid({ prober, http }: Module): readonly Said[] {
  if (prober !== 'http') return [];
  const said: Said[] = [];
  if (!http.ip_protocol_fallback && http.preferred_ip_protocol === '')
    said.push({
      rule: 'family-without-fallback',
      says: 'without fallback and without preferred_ip_protocol only IPv6 is tried',
      remedy: 'write preferred_ip_protocol: ip4 if that is meant',
    });
  const asks = [...http.headers.keys()].some((name) => name.toLowerCase() === 'accept-encoding');
  const looks = http.fail_if_body_matches_regexp.length + http.fail_if_body_not_matches_regexp.length > 0;
  if (asks && http.compression === '' && looks)
    said.push({
      rule: 'never-decoded',
      says: 'the body is asked for compressed and never decoded: the patterns are matched against compressed bytes',
      remedy: 'give compression the encoding that is asked for',
    });
  return said;
}

/** Less is not enough for a handshake round the world and an answer. */
const LEAST_ATTEMPT_SECONDS = 1;

function extensionSaid({ outrider, timeout }: Module): readonly Said[] {
  if (outrider === null) return [];
  const said: Said[] = [
    {
      rule: 'extension',
      says: 'the block "outrider" is of probe serve alone: this file no longer loads in blackbox_exporter',
      remedy: 'keep a file without it where blackbox_exporter reads it too',
    },
  ];
  const { all_addresses, quorum, zones, confirm } = outrider;
  if (!all_addresses && (quorum !== 'all' || zones.size > 0))
    said.push({
      rule: 'unused-extension',
      says: 'quorum and zones speak of every address, and only the first is probed unless the URL asks for addresses=all',
      remedy: 'write all_addresses: true',
    });
  const each = (timeout - confirm.times * confirm.after) / 1000 / (confirm.times + 1);
  if (timeout > 0 && confirm.times > 0 && each < LEAST_ATTEMPT_SECONDS)
    said.push({
      rule: 'squeezed-attempts',
      says: `the timeout of ${timeout / 1000}s leaves each of ${confirm.times + 1} attempts ${Math.round(each * 1000)} ms where they all time out`,
      remedy: 'give the module a longer timeout, or fewer attempts',
    });
  return said;
}
