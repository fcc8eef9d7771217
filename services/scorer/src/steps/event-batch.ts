import type { EventBatch } from '@flowline/events';

import type { ReadableBatch } from '../decoding/event-reader.ts';
import { keptRecord, recordAt } from '../decoding/kept-record.ts';
import type { WithIds } from '../ids/through-ids.ts';
import type { EventsWithPast } from '../windows/through-windows.ts';

/** Events of a batch in the form in which they are stored, with or without scores. */
export function eventBatch(
  { detector, detectorVersion }: Pick<EventBatch, 'detector' | 'detectorVersion'>,
  {
    source,
    events,
    entities,
    ids,
  }: Pick<ReadableBatch & EventsWithPast & WithIds, 'source' | 'events' | 'entities' | 'ids'>,
): EventBatch {
  const { topic, topicId, partition, fromOffset, nextOffset, records } = source;
  const { table, offsets, eventIds, eventTimesMs, deadLetters } = events;
  const lastRecordTimeMs = records.at(-1)?.timestampMs ?? null;
  return {
    ...{ detector, detectorVersion, topic, topicId, partition, fromOffset, nextOffset, lastRecordTimeMs },
    ...table,
    ...{ offsets, eventIds, eventTimesMs, entities, deadLetters },
    ...(ids === undefined ? {} : { ids }),
    recordAt: (offset) => keptRecord(recordAt(source, offset)),
  };
}
