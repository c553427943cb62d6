// Owns the certificates inside Kubernetes manifests (Secret, ConfigMap, List) and kubeconfig files. Keys and tokens are passed over.
import { wireText } from '../../model/text.ts';
import { readPem } from '../../x509/stores/pem.ts';
import { type Store, type StoreEntry, StoreError } from '../../x509/stores/store-words.ts';

/** Aliases that multiply are a bomb. */
const MAX_ALIASES = 20;
const MAX_ENTRIES = 10_000;

type Mapping = Readonly<Record<string, unknown>>;

/** True for text that may be a manifest: both kinds say which API they are of. */
export function looksLikeManifest(bytes: Buffer): boolean {
  return /^\s*["']?(apiVersion|kind)["']?\s*:/m.test(bytes.subarray(0, 65_536).toString('latin1'));
}

/** @throws StoreError */
export async function readManifest(bytes: Buffer): Promise<Store & { readonly paths: readonly string[] }> {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(bytes.toString('utf8'), { prettyErrors: false });
  if (!Array.isArray(documents)) throw new StoreError('YAML without a document', true);
  const entries: StoreEntry[] = [];
  const faults: string[] = [];
  const paths: string[] = [];
  let isKubeconfig = false;
  for (const document of documents) {
    if (document.errors.length > 0) throw new StoreError(`YAML that cannot be read: ${document.errors[0]?.code ?? ''}`);
    const value = valueOf(() => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown);
    for (const item of itemsOf(value)) {
      const kind = item['kind'];
      if (kind === 'Config') {
        isKubeconfig = true;
        readConfig(item, { entries, faults, paths });
      } else if (kind === 'Secret' || kind === 'ConfigMap') readData(item, { entries, faults, paths });
    }
  }
  if (entries.length === 0 && faults.length === 0 && paths.length === 0)
    throw new StoreError('a manifest without certificates', true);
  return { format: isKubeconfig ? 'kubeconfig' : 'secret', entries: entries.slice(0, MAX_ENTRIES), faults, paths };
}

/** @throws StoreError */
function valueOf(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    throw new StoreError('YAML whose aliases multiply');
  }
}

function itemsOf(value: unknown): readonly Mapping[] {
  if (!isMapping(value)) return [];
  const { items } = value;
  return Array.isArray(items) ? items.filter(isMapping) : [value];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Found {
  readonly entries: StoreEntry[];
  readonly faults: string[];
  readonly paths: string[];
}

/** `data` of a Secret is base64, that of a ConfigMap and `stringData` are text. Whatever holds a certificate counts: tls.crt, ca.crt, others. */
function readData(item: Mapping, { entries, faults }: Found): void {
  const { name, namespace } = isMapping(item['metadata']) ? item['metadata'] : {};
  const where = `${typeof namespace === 'string' ? `${namespace}/` : ''}${typeof name === 'string' ? name : '(no name)'}`;
  const isSecret = item['kind'] === 'Secret';
  const fields = [
    ...textsOf(item['data']).map(
      ([key, text]) => [key, isSecret ? Buffer.from(text, 'base64') : Buffer.from(text)] as const,
    ),
    ...textsOf(item['stringData']).map(([key, text]) => [key, Buffer.from(text)] as const),
  ];
  for (const [key, bytes] of fields) {
    if (bytes.includes('-----BEGIN ')) add(`${where} ${key}`, bytes, { entries, faults });
    else if (key === 'tls.crt') faults.push(`${where}: tls.crt holds no certificate`);
  }
}

/** Kubernetes documentation, "kubeconfig (v1)": data stands in the file in base64, or a path leads to it. */
function readConfig(item: Mapping, { entries, faults, paths }: Found): void {
  const parts = [
    { list: item['clusters'], inner: 'cluster', data: 'certificate-authority-data', path: 'certificate-authority' },
    { list: item['users'], inner: 'user', data: 'client-certificate-data', path: 'client-certificate' },
  ];
  for (const { list, inner, data, path } of parts) {
    for (const one of Array.isArray(list) ? list.filter(isMapping) : []) {
      const record = isMapping(one[inner]) ? one[inner] : {};
      const name = `${inner} ${typeof one['name'] === 'string' ? one['name'] : '(no name)'}`;
      const encoded = record[data];
      const file = record[path];
      if (typeof encoded === 'string') add(name, Buffer.from(encoded, 'base64'), { entries, faults });
      else if (typeof file === 'string') paths.push(file);
    }
  }
}

function add(name: string, bytes: Buffer, { entries, faults }: Omit<Found, 'paths'>): void {
  try {
    const store = readPem(bytes);
    entries.push(...store.entries.map(({ certificates }) => ({ name: wireText(name, 200), certificates })));
    faults.push(...store.faults.map((fault) => `${name}: ${fault}`));
  } catch (error) {
    // A key beside the certificate: nothing to look at.
    if (!(error instanceof StoreError && error.isStranger))
      faults.push(`${name}: ${error instanceof Error ? error.message : ''}`);
  }
}

function textsOf(value: unknown): readonly (readonly [string, string])[] {
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : []));
}
