import type { Message } from 'kafkajs';

/** Generous size of a record's offset, lengths and flags. */
const RECORD_OVERHEAD_BYTES = 64;
const HEADER_OVERHEAD_BYTES = 4;

/** Estimated bytes of a message on the wire, on the high side. */
export function messageBytes({ key, value, headers = {} }: Message): number {
  let bytes = RECORD_OVERHEAD_BYTES + lengthOf(key) + lengthOf(value);
  for (const [name, values] of Object.entries(headers)) {
    for (const header of Array.isArray(values) ? values : [values]) {
      bytes += Buffer.byteLength(name) + lengthOf(header) + HEADER_OVERHEAD_BYTES;
    }
  }
  return bytes;
}

function lengthOf(value: Buffer | string | null | undefined): number {
  return value === null || value === undefined ? 0 : Buffer.byteLength(value);
}
