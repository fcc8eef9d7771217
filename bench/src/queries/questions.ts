import { type AnomalyFilter, listAnomalies, mostSurprising } from '@flowline/db';

import type { TestDatabase } from '../../../test/support/postgres.ts';
import { BUSY_ENTITY, BUSY_FEATURE, DAY_MS, DETECTORS, ENTITIES, eventTimeMs, FEATURES, type Sizes } from './sizes.ts';

/** Question that people ask of the tables; each time with other values. */
export interface Question {
  readonly name: string;
  /** Goal for the 95 % quantile, in milliseconds. */
  readonly goalMs: number;
  /** Asks it and returns the number of rows. */
  readonly ask: (database: TestDatabase, turn: number) => Promise<number>;
}

/** Goals over 50,000 anomalies, and over 10,000,000 scored events. */
const ANOMALIES_MS = 5;
const EVENTS_MS = 50;
const HOUR_MS = 3_600_000;
const LIMIT = 20;

const detectorOf = (turn: number): string => `detector-${turn % DETECTORS}`;
// Of those that are not the busiest, by the numbers that fillAnomalies gives them.
const entityOf = (turn: number): string => `entity-${(5 * turn + 1) % ENTITIES}`;
const featureOf = (turn: number): string => `feature-${(2 * turn + 1) % FEATURES}`;

/** Creates the questions for tables of these sizes. */
export function questionsOf(sizes: Sizes): readonly Question[] {
  return [...ofAnomalies(sizes), ...ofEvents(sizes)];
}

function ofAnomalies({ anomalies, endMs }: Sizes): Question[] {
  const latest = (name: string, filter: (turn: number) => AnomalyFilter): Question => ({
    name,
    goalMs: ANOMALIES_MS,
    ask: async ({ db }, turn) => (await listAnomalies(db, { ...filter(turn), limit: LIMIT })).items.length,
  });
  const surprising = (name: string, filter: (turn: number) => Omit<AnomalyFilter, 'after'>): Question => ({
    name: `most surprising${name}`,
    goalMs: ANOMALIES_MS,
    ask: async ({ db }, turn) => (await mostSurprising(db, { ...filter(turn), limit: LIMIT })).length,
  });
  // A page from the middle: its position is that of a row, so that no page before it is read.
  const after = (turn: number) => ({
    eventTime: new Date(endMs - ((turn * 7_919) % anomalies) * 5_000),
    anomalyId: 0,
  });
  return [
    latest('latest', () => ({})),
    latest('latest of a detector, far pages', (turn) => ({ detector: detectorOf(turn), after: after(turn) })),
    surprising('', () => ({})),
    surprising(' of a detector', (turn) => ({ detector: detectorOf(turn) })),
    surprising(' of the last day', () => ({ from: new Date(endMs - DAY_MS) })),
    latest('of an entity', (turn) => ({ entity: entityOf(turn) })),
    latest('of the busiest entity', () => ({ entity: BUSY_ENTITY })),
    surprising(' of the busiest entity', () => ({ entity: BUSY_ENTITY })),
    latest('of a feature', (turn) => ({ feature: featureOf(turn) })),
    latest('of a feature of a detector', (turn) => ({ feature: featureOf(turn), detector: detectorOf(2 * turn + 1) })),
    surprising(' of the busiest feature', () => ({ feature: BUSY_FEATURE })),
    latest('of an event', (turn) => ({ eventId: `event-${((turn * 7_919) % anomalies) + 1}` })),
    bySql('v1_anomalies by p-value', ANOMALIES_MS, 'SELECT * FROM flowline.v1_anomalies ORDER BY p_value LIMIT 20'),
    bySql(
      'v1_anomalies of an entity',
      ANOMALIES_MS,
      'SELECT * FROM flowline.v1_anomalies WHERE entity = $1 ORDER BY event_time DESC LIMIT 20',
      (turn) => [entityOf(turn)],
    ),
  ];
}

function ofEvents(sizes: Sizes): Question[] {
  const text = 'SELECT * FROM flowline.scored_events WHERE event_id = $1 AND event_time >= $2 AND event_time < $3';
  const eventIn = (rangeMs: number) => (turn: number) => {
    // Spread over the stream, not in its order.
    const index = (turn * 7_919_317) % sizes.events;
    const timeMs = eventTimeMs(sizes, index);
    return [`event-${index}`, new Date(timeMs - rangeMs / 2), new Date(timeMs + rangeMs / 2)];
  };
  return [
    bySql('scored event within a minute', EVENTS_MS, text, eventIn(60_000)),
    bySql('scored event within an hour', EVENTS_MS, text, eventIn(HOUR_MS)),
    bySql('scored event within a day', EVENTS_MS, text, eventIn(DAY_MS)),
  ];
}

const bySql = (
  name: string,
  goalMs: number,
  text: string,
  values: (turn: number) => readonly unknown[] = () => [],
): Question => ({ name, goalMs, ask: async ({ query }, turn) => (await query(text, values(turn))).length });
