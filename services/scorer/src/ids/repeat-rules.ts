import type { DetectorDefinition } from '@flowline/config';

import type { IdBounds } from './id-ring.ts';

/** Rules by which a record repeats an event: the field of its id, and what is remembered. */
export interface RepeatRules extends IdBounds {
  readonly field: string;
}

/** Rules of a source; null if repeats are events like others. */
export function repeatRules({
  eventId,
  deduplicate: { enabled, windowMs, maxIds },
}: Pick<DetectorDefinition['source'], 'eventId' | 'deduplicate'>): RepeatRules | null {
  return eventId === null || !enabled ? null : { field: eventId, windowMs, maxIds };
}
