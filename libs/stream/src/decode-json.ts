import { isUtf8 } from 'node:buffer';

import { parseJson, quoteText } from '@flowline/events';
import type { Decoded } from './record-decoder.ts';

const QUOTED = 40;
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Parses JSON in UTF-8, with or without a byte order mark. Numbers keep their digits, so that a
 * name stays as it was written.
 */
export function decodeJson(bytes: Uint8Array): Decoded {
  if (!isUtf8(bytes)) return { reason: 'not_json', message: 'The value is not UTF-8 text.' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return { value: parseJson(text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text) };
  } catch {
    return { reason: 'not_json', message: `The value is not JSON: ${quoteText(text, QUOTED)}` };
  }
}
