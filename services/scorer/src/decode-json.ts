import { isUtf8 } from 'node:buffer';

import type { Decoded } from '@flowline/stream';

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
