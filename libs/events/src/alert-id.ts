import { stableId } from './stable-id.ts';

/**
 * Stable id of an alert's transition, over the event that opened the alert.
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
  return stableId(topicId === null ? origin : [...origin, topicId]);
}
