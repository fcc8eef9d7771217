import { isUtf8 } from 'node:buffer';

/** Bytes as text if they are valid UTF-8, otherwise as base64. */
export const bytesAsText = (bytes: Buffer | null): string | { base64: string } | null =>
  bytes === null ? null : isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
