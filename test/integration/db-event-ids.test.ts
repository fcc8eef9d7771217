import {
  applyRetention,
  commitBatch,
  commitCollected,
  cutBack,
  readEventIds,
  readRepeatStatus,
  restartStream,
} from '@flowline/db';
import { type BatchIds, type DuplicateEvent, FORGOTTEN_MS, type IdsPosition } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type BatchOptions, EVENT_EPOCH_MS, scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const NOTHING: IdsPosition = { run: null, end: 0 };

const repeat = (offset: number, firstOffset: number): DuplicateEvent => ({
  ...{ offset, eventId: `event-${firstOffset}`, eventTimeMs: EVENT_EPOCH_MS, recordTimeMs: EVENT_EPOCH_MS + offset },
  ...{ firstOffset, firstRecordTimeMs: EVENT_EPOCH_MS + firstOffset },
});

/** Ids of a batch with these rows; the hash of a row is its offset. */
function idsOf(first: number, offsets: readonly number[], more: Partial<BatchIds> = {}): BatchIds {
  return {
    added: {
      first,
      hashes: Int32Array.from(offsets.flatMap((offset) => [offset, -offset])),
      offsets: Float64Array.from(offsets),
      timesMs: Float64Array.from(offsets, (offset) => EVENT_EPOCH_MS + offset),
    },
    ...{ duplicates: [], run: 7, follows: NOTHING, decidedFrom: 0, keepFrom: 0, keptBefore: 0 },
    ...{ limited: false, mergeFrom: null, ...more },
  };
}

const commit = (ids: BatchIds | undefined, options: BatchOptions = {}) =>
  commitBatch(
    database.db,
    { ...scoredBatch(options), ...(ids === undefined ? {} : { ids }) },
    { alertTopic: 'alerts' },
  );

const stored = (fromOffset = 0) =>
  readEventIds(database.db, { detector: 'checkout', topic: 'orders', topicId: null, partition: 0, fromOffset });

const pieces = () =>
  database.query('SELECT first_number::integer AS first, entries FROM flowline.event_id_pieces ORDER BY first_number');
const scoredOffsets = async () =>
  (await database.query('SELECT "offset"::integer AS o FROM flowline.scored_events ORDER BY 1')).map(({ o }) => o);

describe('event ids of a batch', () => {
  it('are stored with its rows, and its repeats as duplicates', async () => {
    expect(await stored()).toEqual({ nextOffset: 0, keepFrom: 0, position: NOTHING, pieces: [], duplicates: [] });
    const report = await commit(idsOf(0, [0, 1, 3], { duplicates: [repeat(2, 0), repeat(4, 1)] }), {
      ...{ offsets: [0, 1, 3], nextOffset: 5 },
    });
    expect(report).toMatchObject({ stored: 3, alreadyStored: 0, duplicates: 2 });
    expect(await stored(1)).toEqual({
      ...{ nextOffset: 5, keepFrom: 0, duplicates: [2, 4] },
      position: { run: 7, end: 3 },
      pieces: [idsOf(0, [0, 1, 3]).added],
    });
    expect(
      await database.query(
        'SELECT event_id, "offset"::integer, first_offset::integer FROM flowline.v1_event_duplicates',
      ),
    ).toEqual([
      { event_id: 'event-0', offset: 2, first_offset: 0 },
      { event_id: 'event-1', offset: 4, first_offset: 1 },
    ]);
    expect(await scoredOffsets()).toEqual([0, 1, 3]);
    expect(await readRepeatStatus(database.db, 'checkout')).toEqual({ lastDay: 2, forgetful: [] });
  });

  it('are stored once, however often a batch is', async () => {
    const ids = idsOf(0, [0, 2], { duplicates: [repeat(1, 0)] });
    const rows = { offsets: [0, 2], nextOffset: 3 };
    await commit(ids, rows);
    expect(await commit(ids, rows)).toMatchObject({ stored: 0, alreadyStored: 3, duplicates: 0 });
    expect(await pieces()).toEqual([{ first: 0, entries: 2 }]);
    expect((await stored()).duplicates).toEqual([1]);
  });

  it('have no effect from the fence on, where commits were lost', async () => {
    await commit(idsOf(0, [0, 1, 2]), { offsets: [0, 1, 2], nextOffset: 3 });
    await database.query('UPDATE flowline.stream_offsets SET next_offset = 1');
    const { added } = idsOf(0, [0, 1, 2]);
    expect((await stored()).pieces).toEqual([
      { ...added, timesMs: Float64Array.of(EVENT_EPOCH_MS, FORGOTTEN_MS, FORGOTTEN_MS) },
    ]);
  });

  it.each([
    ['another run has stored ids since', idsOf(2, [2, 3], { decidedFrom: 2, follows: { run: 8, end: 2 } })],
    ['other ids were stored', idsOf(1, [2, 3], { decidedFrom: 2, follows: { run: 7, end: 1 } })],
    ['the fence has moved since', idsOf(2, [1, 2, 3], { decidedFrom: 1, follows: { run: 7, end: 2 } })],
    ['a batch that adds none follows others', idsOf(0, [], { decidedFrom: 2, follows: NOTHING })],
  ])('are refused with the whole batch if %s', async (_, ids) => {
    await commit(idsOf(0, [0, 1]), { offsets: [0, 1], nextOffset: 2 });
    const refused = commit(ids, { offsets: [2, 3], nextOffset: 4 });
    await expect(refused).rejects.toMatchObject({ code: 'FLOWLINE_EVENT_IDS_BEHIND', retryable: true });
    expect(await scoredOffsets()).toEqual([0, 1]);
    expect(await stored()).toMatchObject({ nextOffset: 2, position: { run: 7, end: 2 } });
  });

  it('merge small pieces, and drop those that are not remembered any more', async () => {
    const add = (first: number, more: Partial<BatchIds> = {}) => {
      const follows = { run: first === 0 ? null : 7, end: first };
      return commit(idsOf(first, [first], { decidedFrom: first, follows, ...more }), {
        ...{ offsets: [first], nextOffset: first + 1, fromOffset: first },
      });
    };
    for (const first of [0, 1, 2, 3]) await add(first);
    await add(4, { mergeFrom: 2, limited: true });
    expect(await pieces()).toEqual([
      { first: 0, entries: 1 },
      { first: 1, entries: 1 },
      { first: 2, entries: 3 },
    ]);
    expect((await readRepeatStatus(database.db, 'checkout')).forgetful).toEqual([{ topic: 'orders', partition: 0 }]);
    await add(5, { keepFrom: 3 });
    expect(await pieces()).toEqual([
      { first: 2, entries: 3 },
      { first: 5, entries: 1 },
    ]);
    expect(await stored()).toMatchObject({ keepFrom: 3, position: { end: 6 } });
    expect((await stored()).pieces.map(({ first, offsets }) => [first, ...offsets])).toEqual([
      [2, 2, 3, 4],
      [5, 5],
    ]);
    expect((await readRepeatStatus(database.db, 'checkout')).forgetful).toEqual([]);
  });

  it('count no event that Postgres refuses, and go with the halves of its batch', async () => {
    const ids = idsOf(0, [0, 1, 3], { duplicates: [repeat(2, 0)], keepFrom: 1, limited: true });
    await database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW."offset" = 1 THEN RAISE EXCEPTION 'refused' USING ERRCODE = '22021'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON flowline.event_scores FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const report = await commit(ids, { offsets: [0, 1, 3], nextOffset: 4 });
    expect(report).toMatchObject({ stored: 2, deadLetters: 1, refused: 1, refusedOffsets: [1], duplicates: 1 });
    const { position, pieces: found, keepFrom } = await stored();
    expect({ position, keepFrom }).toEqual({ position: { run: 7, end: 3 }, keepFrom: 1 });
    expect(found.flatMap(({ timesMs }) => [...timesMs])).toEqual([-1e15, EVENT_EPOCH_MS + 3]);
  });

  it('are stored with collected events, too', async () => {
    const { detector } = scoredBatch();
    const batch = {
      ...scoredBatch({ offsets: [0], nextOffset: 2 }),
      ids: idsOf(0, [0], { duplicates: [repeat(1, 0)] }),
    };
    expect(await commitCollected(database.db, batch)).toMatchObject({ stored: 1, duplicates: 1 });
    expect(await readRepeatStatus(database.db, detector)).toMatchObject({ lastDay: 1 });
  });

  it('end with the life of the topic, and duplicates beyond the end of a log that lost it', async () => {
    const life = { topicId: 'one', nextOffset: 3, offsets: [0] };
    await database.query(
      `INSERT INTO flowline.stream_offsets (detector, topic, topic_id, partition, next_offset) VALUES ('checkout', 'orders', 'one', 0, 0)`,
    );
    await commit(idsOf(0, [0], { duplicates: [repeat(1, 0), repeat(2, 0)] }), life);
    await cutBack(database.db, { detector: 'checkout', topic: 'orders' }, new Map([[0, 2]]));
    expect((await database.query('SELECT "offset" FROM flowline.event_duplicates')).length).toBe(1);
    expect(await stored()).toMatchObject({ nextOffset: 2, position: { end: 1 } });
    await restartStream(database.db, { detector: 'checkout', topic: 'orders', topicId: 'two' }, [0]);
    const again = { detector: 'checkout', topic: 'orders', topicId: 'two', partition: 0, fromOffset: 0 };
    expect(await readEventIds(database.db, again)).toMatchObject({ nextOffset: 0, position: NOTHING, duplicates: [] });
    expect((await database.query('SELECT FROM flowline.event_duplicates')).length).toBe(1);
  });

  it('are kept as duplicates for as long as scored events', async () => {
    await commit(idsOf(0, [0], { duplicates: [repeat(1, 0), repeat(2, 0)] }), { offsets: [0], nextOffset: 3 });
    await database.query(
      `UPDATE flowline.event_duplicates SET stored_at = now() - interval '31 days' WHERE "offset" = 1`,
    );
    const days = { scoredDays: 30, anomaliesDays: 400, deadLettersDays: 90 };
    await applyRetention(database.db, [{ detector: 'checkout', ...days }]);
    expect((await stored()).duplicates).toEqual([2]);
  });
});
