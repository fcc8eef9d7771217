/** Sizes of the tables. */
export interface Sizes {
  readonly events: number;
  readonly anomalies: number;
  /** Days over which the events are spread evenly, a partition each. */
  readonly days: number;
  /** Number of them, the first ones, that are stored in the layout before ADR 16. */
  readonly oldDays: number;
  /** Time of the last event, milliseconds since the epoch. */
  readonly endMs: number;
}

/** Detectors, entities and features whose rows are mixed. */
export const DETECTORS = 8;
export const ENTITIES = 2_000;
export const FEATURES = 20;
/** Entity of a fifth of the anomalies, and feature of half of them: real streams are not even. */
export const BUSY_ENTITY = 'entity-0';
export const BUSY_FEATURE = 'feature-0';
export const DAY_MS = 86_400_000;

/** Time of event number `index`, in milliseconds since the epoch. */
export function eventTimeMs({ events, days, endMs }: Sizes, index: number): number {
  return endMs - ((events - index) / events) * days * DAY_MS;
}
