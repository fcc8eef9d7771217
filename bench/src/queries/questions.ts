import { type Database, listAnomalies, mostSurprising } from '@flowline/db';

import type { TestDatabase } from '../../../test/support/postgres.ts';
import { DETECTORS, ENTITIES, FEATURES, type Sizes, STREAM_MS } from './fill.ts';

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

const detectorOf = (turn: number): string => `detector-${turn % DETECTORS}`;

/** Creates the questions for tables of these sizes. */
export function questionsOf({ events, anomalies, endMs }: Sizes): readonly Question[] {
  const ofAnomalies = (name: string, ask: (db: Database, turn: number) => Promise<readonly unknown[]>): Question => ({
    name,
    goalMs: ANOMALIES_MS,
    ask: async ({ db }, turn) => (await ask(db, turn)).length,
  });
  const bySql = (
    name: string,
    goalMs: number,
    text: string,
    values: (turn: number) => readonly unknown[],
  ): Question => ({
    name,
    goalMs,
    ask: async ({ query }, turn) => (await query(text, values(turn))).length,
  });
  // Spread over the stream, not in its order.
  const offsetOf = (turn: number): number => (turn * 7_919_317) % events;
  const eventIn = (rangeMs: number) => (turn: number) => {
    const offset = offsetOf(turn);
    const timeMs = endMs - ((events - offset) / events) * STREAM_MS;
    return [`event-${offset}`, new Date(timeMs - rangeMs / 2), new Date(timeMs + rangeMs / 2)];
  };
  const eventText = 'SELECT * FROM flowline.scored_events WHERE event_id = $1 AND event_time >= $2 AND event_time < $3';
  return [
    ofAnomalies('latest', async (db) => (await listAnomalies(db, { limit: 20 })).items),
    ofAnomalies('most surprising', (db) => mostSurprising(db, { limit: 20 })),
    ofAnomalies('most surprising of a detector', (db, turn) =>
      mostSurprising(db, { detector: detectorOf(turn), limit: 20 }),
    ),
    ofAnomalies(
      'of an entity',
      async (db, turn) => (await listAnomalies(db, { entity: `entity-${turn % ENTITIES}`, limit: 20 })).items,
    ),
    ofAnomalies(
      'of a feature',
      async (db, turn) => (await listAnomalies(db, { feature: `feature-${turn % FEATURES}`, limit: 20 })).items,
    ),
    ofAnomalies(
      'of an event',
      async (db, turn) =>
        (await listAnomalies(db, { eventId: `event-${(turn * 7_919) % anomalies || 1}`, limit: 20 })).items,
    ),
    bySql(
      'v1_anomalies by p-value',
      ANOMALIES_MS,
      'SELECT * FROM flowline.v1_anomalies ORDER BY p_value LIMIT 20',
      () => [],
    ),
    bySql('scored event within a minute', EVENTS_MS, eventText, eventIn(60_000)),
    bySql('scored event within an hour', EVENTS_MS, eventText, eventIn(HOUR_MS)),
    bySql('scored event within the day', EVENTS_MS, eventText, eventIn(2 * STREAM_MS)),
  ];
}
