import { createHash } from 'node:crypto';

/** UUID namespace of Flowline's ids. It is published and must never change. */
const NAMESPACE = Buffer.from('6f1d7b0e5a4c4c38b2f0a3d1c9e86b57', 'hex');

/** Id over parts, as a UUIDv5 (RFC 9562) of their JSON: the same parts have the same id. */
export function stableId(parts: readonly (string | number | null)[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
