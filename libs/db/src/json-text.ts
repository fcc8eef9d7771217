/**
 * Encodes JSON that jsonb accepts: characters that Postgres cannot store (U+0000 and lone
 * surrogates) become U+FFFD. Non-finite numbers become null, as everywhere in JSON.
 */
export function jsonText(value: unknown): string {
  // JSON.stringify escapes exactly those characters; an escaped backslash before "u" is text, not
  // an escape.
  const text = JSON.stringify(value);
  if (!text.includes('\\')) return text;
  return text.replace(/\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g, (match) => (match === '\\\\' ? match : '\ufffd'));
}

/** Replaces U+0000, which Postgres cannot store, with U+FFFD. */
export function plainText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}

/** Encodes JSON with sorted keys: the same text for the same content. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
