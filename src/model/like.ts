// Owns patterns in which `*` stands for any letters, or none. Reads no file and knows no family.

/** Without a regular expression: a person wrote the pattern, and many stars would make one slow. */
export function isLike(text: string, pattern: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return text === head;
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > text.length - tail.length) return false;
    at = found + part.length;
  }
  return true;
}
