import { createHash } from 'node:crypto';

import { littleEndianBytes } from '@flowline/flows';

import type { Tensors } from './checked.ts';
import { unusable } from './unusable.ts';

/** Texts of a bundle file that a checksum covers. */
const TEXTS = ['format', 'version', 'manifest'] as const;

/** SHA-256 of all that a bundle file says, in hexadecimal. */
export function contentSha256(texts: Readonly<Record<string, string>>, tensors: Tensors): string {
  const hash = createHash('sha256').update(JSON.stringify(TEXTS.map((name) => texts[name])));
  for (const [name, { dtype, shape, data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, dtype, shape])).update(littleEndianBytes(data));
  }
  return hash.digest('hex');
}

/**
 * Checks the content of a bundle file by the checksum in it. Files of releases before it have none.
 * @throws FlowlineError FLOWLINE_MODEL_CORRUPTED for other content.
 */
export function checkContent(metadata: Readonly<Record<string, string>>, tensors: Tensors): void {
  const { sha256 } = metadata;
  if (sha256 === undefined || sha256 === contentSha256(metadata, tensors)) return;
  throw unusable('FLOWLINE_MODEL_CORRUPTED', 'its content is not that of its checksum');
}
