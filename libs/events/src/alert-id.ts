import { createHash } from 'node:crypto';

/** UUID namespace of Flowline's alert ids. It is published and must never change. */
const NAMESPACE = Buffer.from('6f1d7b0e5a4c4c38b2f0a3d1c9e86b57', 'hex');

/**
 * Stable id of an alert's transition: a UUIDv5 (RFC 9562) over the event that opened the alert.
 * @param topicId Kafka's id of the topic, so that the same offsets of a recreated topic open other
 *   alerts; null where the source has none.
 */
export function alertId(
  detector: string,
  topic: string,
  partition: number,
  offset: number,
  transition: 'opened' = 'opened',
  sequence = 0,
  topicId: string | null = null,
): string {
  const origin = [detector, topic, partition, offset, transition, sequence];
  const name = JSON.stringify(topicId === null ? origin : [...origin, topicId]);
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
