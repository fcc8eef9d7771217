import { isUtf8 } from 'node:buffer';

import type { DeadLetterReason } from '@flowline/events';

/** Why the bytes of a record are not a value. */
export interface Undecodable {
  readonly reason: DeadLetterReason;
  readonly message: string;
}

/** What the bytes of a record hold, or why they hold nothing. */
export type Decoded = { readonly value: unknown } | Undecodable;

const QUOTED = 40;

/** Reads JSON in UTF-8. Numbers beyond the range of float64 become infinite here; the feature reader refuses them. */
export function decodeJson(bytes: Uint8Array): Decoded {
  if (!isUtf8(bytes)) return { reason: 'not_json', message: 'The value is not UTF-8 text.' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    const start = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
    return { reason: 'not_json', message: `The value is not JSON: ${JSON.stringify(start)}` };
  }
}
