import { createHash } from 'node:crypto';

import { plainText } from './json-text.ts';

/** Maximum bytes of a name that is kept as it is. */
const MAX_BYTES = 256;
/** Names of printable ASCII characters. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Converts a name of any size to text that fits an index and a message key and that Postgres can
 * store: the name itself, or its beginning followed by its SHA-256. The second form is always the
 * longer one, so that no two names collide.
 */
export function boundedName(name: string): string {
  if (name.length <= MAX_BYTES && PLAIN.test(name)) return name;
  if (name.length <= MAX_BYTES && inUtf8(name) === name && Buffer.byteLength(name) <= MAX_BYTES) return name;
  const hash = createHash('sha256').update(name, 'utf16le').digest('hex');
  return `${inUtf8(name.slice(0, MAX_BYTES - 1)).padEnd(MAX_BYTES - 1, '#')}#${hash}`;
}

/** Text as Postgres returns it: without NUL and lone surrogates. */
const inUtf8 = (text: string): string => Buffer.from(plainText(text)).toString();
