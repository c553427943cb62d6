// Owns fetching a list of targets over HTTP, as Prometheus' http_sd does: JSON, bounded, no redirect followed.
import { UsageError } from '../model/usage-error.ts';

const MOST_BYTES = 67_108_864;

/** @throws UsageError for what cannot be had */
export async function fetchTargets(url: string, refreshSeconds: number, signal: AbortSignal): Promise<string> {
  const name = url.replace(/[?#].*$/s, '');
  const refused = (words: string): UsageError => new UsageError(`${name}: ${words}`);
  try {
    const headers = { accept: 'application/json', 'x-prometheus-refresh-interval-seconds': String(refreshSeconds) };
    const response = await fetch(url, { signal, redirect: 'error', headers });
    if (response.status !== 200) throw refused(`answered ${response.status}`);
    if (!/^application\/json\b/i.test(response.headers.get('content-type') ?? ''))
      throw refused('is not application/json');
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += part.byteLength;
      if (bytes > MOST_BYTES) throw refused(`is larger than ${MOST_BYTES} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { message, cause } = error as Error;
    const words = cause instanceof Error ? cause.message : message;
    throw refused(`cannot be fetched: ${words}`);
  }
}
