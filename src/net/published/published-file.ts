// Owns fetching a file that an operator publishes, over HTTPS, and keeping it: asked for again after a day, and then only whether it changed.
// Never keeps what nobody could read, and never goes on with a redirect.
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { visible } from '../../model/text.ts';

/** Azure's list, the largest known, has 4 MB; AWS' has 2. */
const MAX_BYTES = 33_554_432;
/** Operators change them a few times a week, and ask not to be asked more often than daily. */
const FRESH_MS = 86_400_000;
const TIMEOUT_MS = 20_000;
const MAX_TAG_LETTERS = 256;

export interface PublishedOptions {
  readonly url: string;
  /** Where it is kept. */
  readonly path: string;
  readonly nowMs: number;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** @throws an error when the text is not what it should be: then it is not kept. */
  readonly accept: (text: string) => void;
}

export interface Published {
  readonly text: string;
  /** When it was last known to be the newest, Unix ms. */
  readonly checkedAtMs: number;
  /** Why it could not be looked for again; null when that was not needed, or went well. */
  readonly because: string | null;
}

/** `failed`: there is neither an answer nor a kept one. */
export type FetchedFile = Published | { readonly failed: string };

interface Kept {
  readonly text: string;
  readonly tag: string | null;
  readonly checkedAtMs: number;
}

/** Never rejects for what the world does. */
export async function publishedFile(options: PublishedOptions): Promise<FetchedFile> {
  const { nowMs } = options;
  const kept = await readKept(options);
  // A clock that was set back makes everything old.
  const isFresh = kept !== null && kept.checkedAtMs <= nowMs && nowMs - kept.checkedAtMs < FRESH_MS;
  if (isFresh) return { text: kept.text, checkedAtMs: kept.checkedAtMs, because: null };
  try {
    const newest = await ask(options, kept);
    // Where nothing can be written, it is fetched each time.
    await keep(options.path, newest).catch(() => undefined);
    return { text: newest.text, checkedAtMs: newest.checkedAtMs, because: null };
  } catch (error) {
    const because = reasonOf(error);
    return kept === null ? { failed: because } : { text: kept.text, checkedAtMs: kept.checkedAtMs, because };
  }
}

/** Whether it would be fetched now. */
export async function isKeptFresh(options: Pick<PublishedOptions, 'path' | 'nowMs' | 'accept'>): Promise<boolean> {
  const kept = await readKept(options);
  return kept !== null && kept.checkedAtMs <= options.nowMs && options.nowMs - kept.checkedAtMs < FRESH_MS;
}

class NotTaken extends Error {}

async function ask(options: PublishedOptions, kept: Kept | null): Promise<Kept> {
  const { url, userAgent, signal, nowMs, accept } = options;
  const response = await fetch(url, {
    headers: { 'user-agent': userAgent, ...(kept?.tag == null ? {} : { 'if-none-match': kept.tag }) },
    // Nobody else vouches for the operator's list.
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (response.status === 304 && kept !== null) return { ...kept, checkedAtMs: nowMs };
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new NotTaken(`it answers HTTP ${response.status}`);
  }
  const text = await textOf(response);
  try {
    accept(text);
  } catch {
    throw new NotTaken('it answers with something that is no list of address ranges');
  }
  return { text, tag: tagOf(response), checkedAtMs: nowMs };
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new NotTaken(`it is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** RFC 9110 8.8.3. Null for what could not be sent back. */
function tagOf({ headers }: Response): string | null {
  const tag = headers.get('etag');
  return tag !== null && tag.length <= MAX_TAG_LETTERS && /^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(tag) ? tag : null;
}

/** The first line is what is known of it, the text follows. */
async function readKept({ path, accept }: Pick<PublishedOptions, 'path' | 'accept'>): Promise<Kept | null> {
  try {
    const content = await readBounded(path);
    const end = content.indexOf('\n');
    const head: unknown = JSON.parse(content.slice(0, end));
    const { tag, checkedAtMs } = head as { readonly tag?: unknown; readonly checkedAtMs?: unknown };
    if (typeof checkedAtMs !== 'number') return null;
    const text = content.slice(end + 1);
    accept(text);
    return { text, tag: typeof tag === 'string' ? tag : null, checkedAtMs };
  } catch {
    // None, or a broken one: it is fetched anew.
    return null;
  }
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES + MAX_TAG_LETTERS * 2) throw new Error('larger than anything kept');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** In one step: another process never reads half of it. */
async function keep(path: string, { text, tag, checkedAtMs }: Kept): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify({ tag, checkedAtMs })}\n${text}`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof NotTaken) return error.message;
  if (!(error instanceof Error)) return 'it cannot be reached';
  if (/Timeout/.test(error.name)) return `it does not answer within ${TIMEOUT_MS / 1000} s`;
  if (error.name === 'AbortError') return 'interrupted';
  // fetch says only "fetch failed"; what did is its cause.
  const { cause } = error;
  const words = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
  return `it cannot be reached (${visible(words).slice(0, 100)})`;
}
