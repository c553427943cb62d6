// Owns whether an Accept-Encoding header lets a server answer in the encoding that a module expects.

/**
 * As blackbox_exporter judges it: the encodings by falling quality (RFC 9110 12.4.2), the first that is meant, or `*`, decides.
 * No encoding expected, or no header sent: always.
 */
export function acceptsEncoding(encoding: string, acceptEncoding: string): boolean {
  if (encoding === '' || acceptEncoding === '') return true;
  const offered = acceptEncoding.split(',').map((part) => {
    const at = part.lastIndexOf(';');
    if (at === -1) return { name: part.trim(), quality: 1 };
    return {
      name: part.slice(0, at).trim(),
      quality: qualityOf(
        part
          .slice(at + 1)
          .trim()
          .replace(/^q=/, ''),
      ),
    };
  });
  const meant = offered.toSorted((a, b) => b.quality - a.quality).find(({ name }) => name === encoding || name === '*');
  return meant !== undefined && meant.quality > 0;
}

function qualityOf(text: string): number {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : 0;
  return Math.round(value * 1000) / 1000;
}
