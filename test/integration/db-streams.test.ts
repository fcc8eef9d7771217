import {
  addPartitions,
  adoptTopic,
  applyDetector,
  beginStream,
  claimEntities,
  commitBatch,
  cutBack,
  deleteDetector,
  readStream,
  readWindows,
  restartStream,
  skipRecords,
} from '@flowline/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type BatchOptions, scoredBatch, windowsAt } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const FIRST = { detector: 'checkout', topic: 'orders', topicId: 'first life' };
const SECOND = { ...FIRST, topicId: 'second life' };
const rewound = { code: 'FLOWLINE_STREAM_REWOUND', retryable: true };

const begin = (stream: typeof FIRST, ...starts: readonly number[]) =>
  beginStream(database.db, stream, new Map(starts.entries()));
const commit = (options: BatchOptions = {}) =>
  commitBatch(database.db, scoredBatch({ topicId: FIRST.topicId, ...options }), { alertTopic: 'alerts' });
const next = async (detector = FIRST.detector) => {
  const { topicId, next } = await readStream(database.db, detector, FIRST.topic);
  return [topicId, ...[...next].sort().map(([, offset]) => offset)];
};

describe('a topic that is read for the first time', () => {
  it('begins once, with all of its partitions; of several the first one decides where', async () => {
    expect(await next()).toEqual([null]);
    await Promise.all([begin(FIRST, 7, 9), begin(FIRST, 8, 10)]);
    const begun = await next();
    expect([
      [FIRST.topicId, 7, 9],
      [FIRST.topicId, 8, 10],
    ]).toContainEqual(begun);
    await begin(FIRST, 100, 100);
    expect(await next()).toEqual(begun);
  });

  it('does not begin where its detector has been deleted', async () => {
    await applyDetector(database.db, { name: FIRST.detector });
    await deleteDetector(database.db, FIRST.detector, { dropData: false });
    await expect(begin(FIRST, 0)).rejects.toMatchObject({ code: 'FLOWLINE_DETECTOR_MISSING' });
  });

  it('stores nothing that was read before it began: the process that read it is of a life that has ended', async () => {
    await expect(commit()).rejects.toMatchObject(rewound);
    expect(await next()).toEqual([null]);
  });

  it('takes what was begun by another as it stands, though it has been read on', async () => {
    await begin(FIRST, 0);
    await commit({ size: 4 });
    // This worker found the topic before the first one began the stream, but begins it only now.
    await begin(FIRST, 6);
    expect(await next()).toEqual([FIRST.topicId, 4]);
  });
});

describe('partitions that appear later', () => {
  it('begin at 0, once, and only of the topic that is read', async () => {
    await begin(FIRST, 7);
    await addPartitions(database.db, SECOND, [1]);
    expect(await next()).toEqual([FIRST.topicId, 7]);
    await addPartitions(database.db, FIRST, [1, 2]);
    await commit({ partition: 1, size: 3 });
    await addPartitions(database.db, FIRST, [1, 2]);
    expect(await next()).toEqual([FIRST.topicId, 7, 3, 0]);
  });

  it('do not begin a topic that nobody reads', async () => {
    await addPartitions(database.db, FIRST, [1]);
    expect(await next()).toEqual([null]);
  });
});

describe('a topic that was read before topics were told apart', () => {
  it('is told apart from then on, and its entities with it', async () => {
    const scope = { ...FIRST, key: ['shop'], partition: 0 };
    await commitBatch(database.db, scoredBatch({ size: 3 }), { alertTopic: 'alerts' });
    await claimEntities(database.db, { ...scope, topicId: null }, ['a']);
    expect(await next()).toEqual([null, 3]);
    await adoptTopic(database.db, FIRST);
    expect(await next()).toEqual([FIRST.topicId, 3]);
    expect(await claimEntities(database.db, { ...scope, partition: 1 }, ['a'])).toEqual([
      { entity: 'a', partition: 0 },
    ]);
    await expect(commit({ topicId: SECOND.topicId, first: 3 })).rejects.toMatchObject(rewound);
    await adoptTopic(database.db, SECOND);
    expect(await next()).toEqual([FIRST.topicId, 3]);
  });
});

describe('a topic that was created again', () => {
  const windows = windowsAt(3);
  const entities = { key: ['shop'], names: ['a', 'b', 'c'], seen: ['a'], windows };

  it('begins anew at its beginning, without the past of the old one, and for one detector', async () => {
    await begin(FIRST, 0, 0);
    await beginStream(database.db, { ...FIRST, detector: 'other' }, new Map([[0, 5]]));
    await commit({ size: 3, entities });
    expect(await restartStream(database.db, SECOND, [0, 1, 2])).toBe(2);
    expect(await next()).toEqual([SECOND.topicId, 0, 0, 0]);
    expect(await readWindows(database.db, FIRST.detector, FIRST.topic, 0)).toBeNull();
    expect(await next('other')).toEqual([FIRST.topicId, 5]);
    // Another worker has already restarted the stream: nothing stored since is forgotten.
    await commit({ topicId: SECOND.topicId, size: 2 });
    expect(await restartStream(database.db, SECOND, [0, 1, 2])).toBe(0);
    expect(await next()).toEqual([SECOND.topicId, 2, 0, 0]);
  });

  it('stores nothing of a worker that still holds batches of the old one', async () => {
    await begin(FIRST, 0);
    await restartStream(database.db, SECOND, [0]);
    await expect(commit({ size: 3, entities })).rejects.toMatchObject(rewound);
    await commit({ topicId: SECOND.topicId, size: 9 });
    await expect(commit({ first: 3, fromOffset: 3, size: 50 })).rejects.toMatchObject(rewound);
    expect(await next()).toEqual([SECOND.topicId, 9]);
  });

  it('has alerts with other ids at the same offsets', async () => {
    await begin(FIRST, 0);
    await commit({ size: 3, anomalies: [0, 2] });
    await restartStream(database.db, SECOND, [0]);
    await commit({ topicId: SECOND.topicId, size: 3, anomalies: [0, 2] });
    const [row] = await database.query('SELECT count(DISTINCT alert_id)::int AS n FROM flowline.alert_outbox');
    expect(row).toEqual({ n: 4 });
  });
});

describe('records that are gone', () => {
  const lost = { fromOffset: 3, toOffset: 12 };

  it('are passed over in one step, and noted', async () => {
    await begin(FIRST, 3);
    expect(await skipRecords(database.db, FIRST, 0, lost)).toBe(true);
    expect(await next()).toEqual([FIRST.topicId, 12]);
    const gaps = await database.query('SELECT topic_id, from_offset::int, to_offset::int FROM flowline.stream_gaps');
    expect(gaps).toEqual([{ topic_id: FIRST.topicId, from_offset: 3, to_offset: 12 }]);
  });

  it('are not passed over where another worker has stored of them meanwhile', async () => {
    await begin(FIRST, 0);
    await commit({ size: 5 });
    expect(await skipRecords(database.db, FIRST, 0, lost)).toBe(false);
    expect(await skipRecords(database.db, SECOND, 0, { fromOffset: 5, toOffset: 12 })).toBe(false);
    expect(await next()).toEqual([FIRST.topicId, 5]);
    expect(await database.query('SELECT 1 FROM flowline.stream_gaps')).toEqual([]);
  });

  it('from the end of a log take back the partition that lost them, and no other', async () => {
    await begin(FIRST, 9, 9);
    expect(
      await cutBack(
        database.db,
        FIRST,
        new Map([
          [0, 20],
          [1, 4],
        ]),
      ),
    ).toEqual([1]);
    expect(await next()).toEqual([FIRST.topicId, 9, 4]);
  });
});
