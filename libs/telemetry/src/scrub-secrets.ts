import { shortened } from '@flowline/events';

const MASK = '***';
const SECRET_FIELD = /^(.*_)?(password|passphrase|secret|token|authorization|apikey|api_key|privatekey)$/i;
/**
 * Matches scheme://user:password@, up to the last @ of the word: a password may contain any
 * character, correctly encoded or not.
 */
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s]*@/gi;
/** Matches `?password=…` in a connection string, and `?token=…` in a link. */
const QUERY_PASSWORD = /([?&](?:(?:ssl)?password|token)=)[^&\s"']+/gi;
const DEEPEST = 6;
/** Maximum length of a text in a log or a report. */
const TEXT_CHARACTERS = 10_000;

/**
 * Copies a value without its secrets: passwords in URLs are masked in every text, as are fields
 * with the name of a secret. Errors become plain data with code, where, remedy, cause and stack.
 * Depth and text length are bounded.
 */
export function scrubSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '…';
  if (value instanceof Error) return scrubError(value, depth);
  if (Array.isArray(value)) return value.map((item) => scrubSecrets(item, depth + 1));
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_FIELD.test(name) ? MASK : scrubSecrets(inner, depth + 1),
    ]),
  );
}

/**
 * Masks a text, then truncates it: truncating first could remove the end that identifies a
 * password.
 */
function scrubText(text: string): string {
  const masked = text.replace(URL_PASSWORD, `$1:${MASK}@`).replace(QUERY_PASSWORD, `$1${MASK}`);
  return shortened(masked, TEXT_CHARACTERS);
}

function scrubError(error: Error, depth: number): unknown {
  const described: Record<string, unknown> = { type: error.name, message: error.message };
  for (const field of ['code', 'where', 'remedy', 'retryable'] as const) {
    const found: unknown = Reflect.get(error, field);
    if (found !== undefined) described[field] = found;
  }
  if (error.cause !== undefined) described.cause = error.cause;
  described.stack = error.stack;
  return scrubSecrets(described, depth + 1);
}
