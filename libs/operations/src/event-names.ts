import type { EventTimeSpec } from '@flowline/events';

/** Time and (dotted) id field of an event; null if unknown. */
export interface EventNames {
  readonly time: EventTimeSpec | null;
  readonly id: string | null;
}
