import { createHash } from 'node:crypto';

import { plainText } from './json-text.ts';

/** A name of at most so many bytes stands for itself. */
const MOST_BYTES = 256;

/**
 * A name of any size as text that an index and a message key have room for, and that Postgres takes:
 * itself, or its beginning and its SHA-256. The second form is always the longer one, so that no name
 * can be taken for another.
 */
export function boundedName(name: string): string {
  if (name.length <= MOST_BYTES && inUtf8(name) === name && Buffer.byteLength(name) <= MOST_BYTES) return name;
  const hash = createHash('sha256').update(name, 'utf16le').digest('hex');
  return `${inUtf8(name.slice(0, MOST_BYTES - 1)).padEnd(MOST_BYTES - 1, '#')}#${hash}`;
}

/** Text as Postgres gives it back: without NUL and halves of surrogate pairs. */
const inUtf8 = (text: string): string => Buffer.from(plainText(text)).toString();
