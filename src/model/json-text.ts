// Owns taking a text for JSON that somebody else wrote: what is none is no fault, and never thrown. Says nothing of what it means.

export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined: it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Null: it is no JSON, or something else than an object. */
export function jsonObjectOf(text: string): JsonObject | null {
  const value = jsonOf(text);
  return isJsonObject(value) ? value : null;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
