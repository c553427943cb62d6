// Owns what the one endpoint is asked that is asked for everything: ciphers and groups in its order, and what it does with old tricks.
// The most telling first, because the time may be over before the end.
import type { HelloChoice, HelloOffer, HelloVersion } from '../../../src/contract/hello.ts';
import { helloVersions } from '../../../src/contract/hello.ts';
import { sameText } from '../../../src/model/text.ts';
import { cipherNames12, cipherNames13, groupNamesKnown, signatureNumbers } from '../../../src/net/hello/registry.ts';
import type { OfferedList, Thorough } from '../evidence-posture.ts';
import { type Fingerprint, OFFER_13, offer12 } from './fingerprint.ts';
import type { Line, Told } from './line.ts';

const INAPPROPRIATE_FALLBACK = 86;
const NO_APPLICATION_PROTOCOL = 120;
/** Hellos kept back from the long list of ciphers for what comes behind it: its order, DHE and ALPN; groups and ciphers of TLS 1.3. */
const KEPT_BACK = { older: 4, newest: 15 };
const hybrids = groupNamesKnown.filter((name) => name.includes('MLKEM'));

export interface ThoroughResult {
  readonly thorough: Thorough;
  /** DER of the certificate seen with each key type. */
  readonly leaves: ReadonlyMap<'rsa' | 'ecdsa', Uint8Array>;
}

interface Enumeration {
  /** What was chosen, for what came with it. */
  readonly seen: HelloChoice[];
  readonly limit: () => number;
}

interface Clear {
  readonly version: HelloVersion;
  readonly first: HelloChoice;
}

export async function askEverything(
  line: Line,
  found: Fingerprint,
  digest: (der: Uint8Array) => string,
): Promise<ThoroughResult> {
  const { protocols } = found;
  const first = found.clear;
  const clear: Clear | null = first === null || first.version === 'unknown' ? null : { version: first.version, first };
  const newest = found.newest;
  // TLS 1.1 hides whether 1.0 is taken too.
  if (protocols.offered('TLSv1.1') === true) protocols.note('TLSv1', await line.ask(offer12('TLSv1')));
  const postQuantum = newest === null ? null : await takesHybrid(line, newest);
  const compression = clear === null ? null : await compresses(line, clear.version);
  const fallbackRefused = await refusesFallback(line, found);
  const seen = first === null ? [] : [first];
  const dhe = clear === null ? null : await takesDhe(line, clear, seen);
  const keptBack = KEPT_BACK.older + (newest === null ? 0 : KEPT_BACK.newest);
  const limit = (): number => line.left() - keptBack;
  const older = clear === null ? null : await ciphersOf(line, clear, { seen, limit });
  const groups = newest === null ? null : await groupsOf(line, newest);
  const newer = newest === null ? null : await ciphersOf13(line, newest);
  const alpn = await alpnOf(line, clear?.version ?? (newest === null ? null : 'TLSv1.3'));
  const leaves = leavesOf(seen);
  const keyTypes = clear === null ? await keyTypes13(line, newest) : keyTypesOf(older, leaves, digest);
  const dhBits = seen.flatMap((choice) => choice.dhBits ?? []);
  return {
    leaves,
    thorough: {
      ciphers: [newer, older].filter((list) => list !== null),
      ...{ groups, postQuantum, compression, fallbackRefused, alpn, keyTypes, dhe },
      dhBits: dhBits.length === 0 ? null : Math.min(...dhBits),
    },
  };
}

/** @returns what it chose of `names`; null when it refused them all; undefined when that is not known */
type Choose = (names: readonly string[]) => Promise<string | null | undefined>;

/** Takes away what was chosen, and asks again, until nothing is chosen. */
async function inOrder(
  first: string,
  all: readonly string[],
  limit: () => number,
  choose: Choose,
): Promise<OfferedList> {
  const names = [first];
  while (limit() > 0) {
    const rest = all.filter((name) => !names.includes(name));
    const chosen = rest.length === 0 ? null : await choose(rest);
    if (chosen === null) return { names, complete: true };
    // What was not offered cannot be chosen: such a server would go on for ever.
    if (chosen === undefined || !rest.includes(chosen)) return { names, complete: false };
    names.push(chosen);
  }
  return { names, complete: false };
}

async function ciphersOf(
  line: Line,
  { version, first }: Clear,
  { seen, limit }: Enumeration,
): Promise<Thorough['ciphers'][number]> {
  const choose: Choose = async (ciphers) => {
    const told = await line.ask(offer12(version, [...ciphers]));
    if (told.kind === 'chosen' && told.choice.version === version) seen.push(told.choice);
    return chosenOf(told, ({ cipher }) => cipher);
  };
  const list = await inOrder(first.cipher, cipherNames12, limit, choose);
  return { protocol: version, ...list, order: await orderOf(list, choose) };
}

/** By itself, and early: a long list of ciphers may not come to its end. */
async function takesDhe(line: Line, { version }: Clear, seen: HelloChoice[]): Promise<boolean | null> {
  const told = await line.ask(
    offer12(
      version,
      cipherNames12.filter((name) => /^TLS_DHE?_/.test(name)),
    ),
  );
  if (told.kind === 'chosen') seen.push(told.choice);
  return told.kind === 'chosen' ? true : told.kind === 'refused' ? false : null;
}

async function ciphersOf13(line: Line, newest: HelloChoice): Promise<Thorough['ciphers'][number]> {
  const choose: Choose = async (ciphers) => chosenOf(await line.ask({ ...OFFER_13, ciphers }), ({ cipher }) => cipher);
  const list = await inOrder(newest.cipher, cipherNames13, () => line.left(), choose);
  return { protocol: 'TLSv1.3', ...list, order: await orderOf(list, choose) };
}

/** An empty list of key shares makes the server name the group that it likes best: RFC 8446 4.1.4. */
async function groupsOf(line: Line, newest: HelloChoice): Promise<OfferedList | null> {
  if (newest.group === null) return null;
  const choose: Choose = async (groups) => chosenOf(await line.ask({ ...OFFER_13, groups }), ({ group }) => group);
  return inOrder(newest.group, groupNamesKnown, () => line.left(), choose);
}

function chosenOf(told: Told, name: (choice: HelloChoice) => string | null): string | null | undefined {
  if (told.kind === 'chosen') return name(told.choice) ?? undefined;
  return told.kind === 'refused' ? null : undefined;
}

/** Offered the other way round: does it still take its own first? */
async function orderOf({ names }: OfferedList, choose: Choose): Promise<'server' | 'client' | null> {
  const [first] = names;
  if (first === undefined || names.length < 2) return null;
  // A server that takes ChaCha20 where the client has it first (OpenSSL PrioritizeChaCha) is asked with it last.
  const turned = names.toReversed();
  const asked = [
    ...turned.filter((name) => !name.includes('CHACHA')),
    ...turned.filter((name) => name.includes('CHACHA')),
  ];
  if (asked[0] === first) return null;
  const chosen = await choose(asked);
  return chosen === first ? 'server' : chosen === asked[0] ? 'client' : null;
}

async function takesHybrid(line: Line, { group }: HelloChoice): Promise<boolean | null> {
  if (group !== null && hybrids.includes(group)) return true;
  const told = await line.ask({ ...OFFER_13, groups: hybrids });
  if (told.kind === 'chosen') return hybrids.includes(told.choice.group ?? '');
  return told.kind === 'refused' ? false : null;
}

async function compresses(line: Line, version: HelloVersion): Promise<boolean | null> {
  const told = await line.ask({ ...offer12(version), compression: true });
  return told.kind === 'chosen' ? told.choice.compression : null;
}

/** Null where there is no older protocol to come back with. */
async function refusesFallback(line: Line, { protocols }: Fingerprint): Promise<boolean | null> {
  const offered = helloVersions.filter((version) => protocols.offered(version) === true);
  const older = offered.at(-2);
  if (older === undefined) return null;
  const told = await line.ask({ ...offer12(older), fallback: true });
  if (told.kind === 'chosen') return false;
  return told.kind === 'refused' && told.alert === INAPPROPRIATE_FALLBACK ? true : null;
}

/** In TLS 1.3 the choice is encrypted, and only a refusal is seen. */
async function alpnOf(line: Line, version: HelloVersion | null): Promise<Thorough['alpn']> {
  if (version === null) return [];
  const alpn: Thorough['alpn'] = [];
  for (const name of ['h2', 'http/1.1']) {
    const offer: HelloOffer = version === 'TLSv1.3' ? OFFER_13 : offer12(version);
    const told = await line.ask({ ...offer, alpn: [name] });
    alpn.push({ name, accepted: acceptedOf(told, name) });
  }
  return alpn;
}

function acceptedOf(told: Told, name: string): boolean | null {
  if (told.kind === 'refused') return told.alert === NO_APPLICATION_PROTOCOL ? false : null;
  if (told.kind !== 'chosen' || told.choice.version === 'TLSv1.3') return null;
  return told.choice.alpn !== null && sameText(told.choice.alpn, name);
}

const keyTypeOf = (cipher: string): 'rsa' | 'ecdsa' | null =>
  /_ECDSA_/.test(cipher) ? 'ecdsa' : /_RSA_/.test(cipher) ? 'rsa' : null;

function leavesOf(seen: readonly HelloChoice[]): ReadonlyMap<'rsa' | 'ecdsa', Uint8Array> {
  const found = new Map<'rsa' | 'ecdsa', Uint8Array>();
  for (const { cipher, certificates } of seen) {
    const keyType = keyTypeOf(cipher);
    const [leaf] = certificates;
    if (keyType !== null && leaf !== undefined && !found.has(keyType)) found.set(keyType, leaf);
  }
  return found;
}

/** Before TLS 1.3 the cipher says which key signs. */
function keyTypesOf(
  list: OfferedList | null,
  leaves: ReadonlyMap<'rsa' | 'ecdsa', Uint8Array>,
  digest: (der: Uint8Array) => string,
): Thorough['keyTypes'] {
  return (['rsa', 'ecdsa'] as const).map((keyType) => {
    const leaf = leaves.get(keyType);
    const served = list?.names.some((cipher) => keyTypeOf(cipher) === keyType) === true;
    return {
      keyType,
      served: served ? true : list?.complete === true ? false : null,
      certificate: leaf === undefined ? null : digest(leaf),
    };
  });
}

/** Only by what it can sign with: the certificates are encrypted. */
async function keyTypes13(line: Line, newest: HelloChoice | null): Promise<Thorough['keyTypes']> {
  if (newest === null) return [];
  const keyTypes: Thorough['keyTypes'] = [];
  for (const keyType of ['rsa', 'ecdsa'] as const) {
    const signatureAlgorithms = [...signatureNumbers.keys()].filter((name) => name.startsWith(keyType));
    // Without a share the server says which group first, and nothing of its keys.
    const told = await line.ask({ ...OFFER_13, groups: ['x25519'], keyShares: ['x25519'], signatureAlgorithms });
    const served = told.kind === 'chosen' && !told.choice.retry ? true : told.kind === 'refused' ? false : null;
    keyTypes.push({ keyType, served, certificate: null });
  }
  return keyTypes;
}
