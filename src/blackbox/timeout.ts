// Owns how long a probe may take: Prometheus' header, the exporter's offset, and the module's own bound.

/**
 * As `getTimeout` of blackbox_exporter: the scrape's timeout (120 without header) less the offset; the module's own only makes it
 * shorter, or stands in where nothing would be left.
 * @param moduleMs 0 when the module has none
 * @returns seconds, or null for a header that is no number
 */
export function probeTimeout(header: string | undefined, moduleMs: number, offsetSeconds: number): number | null {
  const given = header === undefined || header === '' ? 0 : goNumber(header);
  if (given === null) return null;
  const most = (given === 0 ? 120 : given) - offsetSeconds;
  const module = moduleMs / 1000;
  return (module > 0 && module < most) || most < 0 ? module : most;
}

/** What strconv.ParseFloat takes, but hexadecimal and underscores. */
function goNumber(text: string): number | null {
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  return /^[-+]?inf(inity)?$/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : null;
}
