// Owns the few hellos that every endpoint is asked: enough to tell its protocols, and to see one that is not like the others.
import { type HelloChoice, type HelloOffer, type HelloVersion, helloVersions } from '../../../src/contract/hello.ts';
import { cipherNames12, cipherNames13, groupNamesKnown } from '../../../src/net/hello/registry.ts';
import { binaryOf, readDer } from '../../../src/x509/der.ts';
import { nameText } from '../../../src/x509/distinguished-name.ts';
import type { PostureEndpoint, PostureProtocol, PostureTraits } from '../evidence-posture.ts';
import { isWeak } from '../posture-words.ts';
import type { Line, Told } from './line.ts';

/** What the hellos told, in pieces; a piece that was not asked for is null. */
export interface Fingerprint {
  readonly protocols: ProtocolTable;
  readonly weak: Told;
  /** The best answer in the clear. */
  readonly clear: HelloChoice | null;
  /** The answer to a hello of TLS 1.3. */
  readonly newest: HelloChoice | null;
}

const weakCiphers: readonly string[] = cipherNames12.filter(isWeak);
const soundCiphers = cipherNames12.filter((name) => !isWeak(name));

/** ALPN as an HTTPS client has it; a server that refuses all names would refuse the hello. */
const ALPN = ['h2', 'http/1.1'];

/** Who names finite-field groups gets DHE in one of them or not at all (RFC 7919 4), and never sees the server's own prime. */
const curves = groupNamesKnown.filter((name) => !/^ffdhe|MLKEM/.test(name));

export const OFFER_13: HelloOffer = {
  ...{ highest: 'TLSv1.3', ciphers: cipherNames13, groups: groupNamesKnown, alpn: ALPN },
};
/** Of TLS 1.2 and older: all ciphers, the sound ones first. */
export function offer12(
  highest: HelloVersion,
  ciphers: readonly string[] = [...soundCiphers, ...weakCiphers],
): HelloOffer {
  return { highest, ciphers, groups: curves, alpn: ALPN };
}

/** The first `hellos` of five, the most telling first; those that old servers drop stand between those that they answer. */
export async function fingerprint(line: Line): Promise<Fingerprint> {
  const protocols = protocolTable();
  const all = line.left();
  const old = await asked(protocols, line, 'TLSv1.1');
  const newest = all < 2 ? null : await asked(protocols, line, 'TLSv1.3');
  const ssl = all < 5 ? null : await asked(protocols, line, 'SSLv3');
  const current = all < 3 ? null : await asked(protocols, line, 'TLSv1.2');
  const weak: Told = all < 4 ? { kind: 'unknown' } : await line.ask(offer12('TLSv1.2', weakCiphers));
  return { protocols, weak, newest, clear: current ?? old ?? ssl };
}

async function asked(protocols: ProtocolTable, line: Line, highest: HelloVersion): Promise<HelloChoice | null> {
  const told = await line.ask(highest === 'TLSv1.3' ? OFFER_13 : offer12(highest));
  protocols.note(highest, told);
  return told.kind === 'chosen' && (highest !== 'TLSv1.3' || told.choice.version === 'TLSv1.3') ? told.choice : null;
}

export interface ProtocolTable {
  note(highest: HelloVersion, told: Told): void;
  offered(version: HelloVersion): boolean | null;
  /** The newest first. `isCutOff`: what was dropped was no refusal. */
  rows(isCutOff: boolean): PostureProtocol[];
}

type Row = Omit<PostureProtocol, 'protocol'> & { readonly isDropped: boolean };
const BLANK: Row = { offered: null, cipher: null, group: null, isDropped: false };

function protocolTable(): ProtocolTable {
  const rows = new Map<HelloVersion, Row>();
  const deny = (versions: readonly HelloVersion[], isDropped: boolean): void => {
    for (const version of versions)
      if (rows.get(version)?.offered !== true) rows.set(version, { ...BLANK, offered: false, isDropped });
  };
  const below = (from: HelloVersion, to: HelloVersion | null): readonly HelloVersion[] =>
    helloVersions.slice(to === null ? 0 : helloVersions.indexOf(to) + 1, helloVersions.indexOf(from) + 1);
  return {
    note(highest, told) {
      if (told.kind === 'unknown') return;
      if (told.kind === 'chosen' && told.choice.version !== 'unknown') {
        const { version, cipher, group } = told.choice;
        if (helloVersions.indexOf(version) > helloVersions.indexOf(highest)) return;
        rows.set(version, { ...BLANK, offered: true, cipher, group });
        // TLS 1.3 is offered by itself; else a server takes the newest that both know.
        deny(highest === 'TLSv1.3' ? [highest].filter((each) => each !== version) : below(highest, version), false);
        return;
      }
      const isDropped = told.kind === 'dropped';
      // A server that knows TLS 1.0 would have taken it, offered 1.1. SSL 3.0 is asked for by itself.
      deny(highest === 'TLSv1.1' ? ['TLSv1.1', 'TLSv1'] : [highest], isDropped);
    },
    offered: (version) => rows.get(version)?.offered ?? null,
    rows: (isCutOff) =>
      helloVersions.toReversed().map((protocol) => {
        const { isDropped, ...row } = rows.get(protocol) ?? BLANK;
        return { protocol, ...row, offered: isDropped && isCutOff ? null : row.offered };
      }),
  };
}

export function traitsOf(choice: HelloChoice | null, digest: (der: Uint8Array) => string): PostureTraits | null {
  if (choice === null || choice.version === 'TLSv1.3') return null;
  const [leaf] = choice.certificates;
  return {
    protocol: choice.version,
    secureRenegotiation: choice.secureRenegotiation,
    extendedMasterSecret: choice.extendedMasterSecret,
    ocspStapled: choice.staple.byteLength > 0,
    clientCertificateWanted: choice.clientAuthorities !== null,
    clientAuthorities: (choice.clientAuthorities ?? []).map((der) => nameText(readDer(binaryOf(der)))),
    certificate: leaf === undefined ? null : digest(leaf),
  };
}

export function weakCipherOf(told: Told): PostureEndpoint['weakCipher'] {
  if (told.kind === 'chosen') return { offered: isWeak(told.choice.cipher), cipher: told.choice.cipher };
  return { offered: told.kind === 'unknown' ? null : false, cipher: null };
}
