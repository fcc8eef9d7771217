/** Event of a calendar in local time: when it begins, how long it lasts, and how it repeats. */
export interface LocalEvent {
  /** Local time at which it begins for the first time, read as UTC, in milliseconds. */
  readonly startMs: number;
  /** IANA zone of its local times. */
  readonly timezone: string;
  readonly length: EventLength;
  /** Repetition (the value of an RRULE); null if it happens once. */
  readonly rrule: string | null;
  /** Further beginnings, and beginnings that are left out, as local times read as UTC. */
  readonly alsoMs: readonly number[];
  readonly exceptMs: readonly number[];
}

/** Length of an event: until the same local time some days later, or some time after it began. */
export interface EventLength {
  readonly days: number;
  readonly ms: number;
}

/** `20260301T020000`, the form of RFC 5545, of a time read as UTC. */
export const compact = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
