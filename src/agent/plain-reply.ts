// Owns how a reply in plain text is written. Says nothing itself, and knows no page.

export const PLAIN = 'text/plain; charset=utf-8';

export function plain<S extends number>(status: S, body: string) {
  return { status, contentType: PLAIN, body };
}
