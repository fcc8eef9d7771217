import { at } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';

import { type DecodedEvents, selectEvents } from '../decoding/event-rows.ts';
import { deadLetter, recordAt } from '../decoding/kept-record.ts';

/** Maximum length of a name quoted in a message. */
const QUOTED = 60;

/**
 * Removes the events of entities that belong to other partitions. They become dead letters, as no
 * process sees all of their past.
 * @param strays the partition of each such entity.
 */
export function withoutStrays(
  source: SourceBatch,
  events: DecodedEvents,
  strays: ReadonlyMap<string, number>,
): DecodedEvents {
  const { topic, partition } = source;
  const names = events.entities ?? [];
  const rows = [...names.keys()];
  const kept = Int32Array.from(rows.filter((row) => !strays.has(at(names, row))));
  const letters = rows.flatMap((row) => {
    const name = at(names, row);
    const other = strays.get(name);
    if (other === undefined) return [];
    const record = recordAt(source, at(events.offsets, row));
    return [
      deadLetter(record, 'scattered_entity', null, scattered(name, `${topic}[${partition}]`, `${topic}[${other}]`)),
    ];
  });
  return {
    ...selectEvents(events, kept),
    deadLetters: [...events.deadLetters, ...letters].sort((a, b) => a.offset - b.offset),
  };
}

/** Describes the fault of a scattered entity in one sentence. */
export function scattered(name: string, here: string, there: string): string {
  const quoted = name.length > QUOTED ? `${name.slice(0, QUOTED)}…` : name;
  return `Events of the entity ${quoted} arrive in ${here} and in ${there}: no process sees all of its past.`;
}
