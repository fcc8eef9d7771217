import { listDeadLetters } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readTopic } from '../support/checker.ts';
import { withJavaClient } from '../support/java-kafka.ts';
import { startKafka, type TestKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, testDefinition, testEvents } from '../support/scorer-model.ts';

withJavaClient(describe)('flowline dlq', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka(), startPostgres()]);
    database = await postgres.createDatabase();
  }, 180_000);
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  it('lists what could not be scored and sends it again, byte for byte and once', async () => {
    const topic = `dlq-${process.pid}`;
    await broker.createTopic(topic, 2);
    await broker.createTopic(`${topic}.alerts`, 1);
    await applyTestDetector(database.db, testDefinition('dlq', topic));
    const [event] = testEvents(1, 3);
    const headers = { trace: 'é', raw: Buffer.from([0xff, 0x00]), many: ['a', 'b'] };
    await broker.produce(topic, [
      { partition: 1, key: Buffer.from([0xfe]), value: 'not json', headers },
      { partition: 0, key: 'k', value: JSON.stringify({ ...event, latency: undefined }) },
      { partition: 0, value: 'x'.repeat(2_000) },
      { partition: 0, key: 'gone', value: null },
    ]);
    scorers.start([], { FLOWLINE_EVENT_MAX_BYTES: '1000' });
    const letters = async (count: number) => {
      await scorers.untilStored(count);
      return listDeadLetters(database.db, { limit: 100 });
    };
    await letters(4);
    const cli = async (...args: string[]) => {
      const run = scorers.startCli(['dlq', ...args, '--json']);
      expect([await run.ended, run.stderr()]).toEqual([0, '']);
      return JSON.parse(run.stdout()) as unknown;
    };
    const listed = await cli('ls', '--detector', 'dlq', '--reason', 'not_json');
    expect(listed).toMatchObject([
      { reason: 'not_json', value: 'not json', key: { base64: '/g==' }, partition: 1, offset: 0, redrivenAt: null },
    ]);
    expect(listed).toMatchObject([{ headers: { trace: 'é', raw: { base64: '/wA=' }, many: ['a', 'b'] } }]);

    expect(await cli('redrive', 'dlq', '--reason', 'not_json')).toEqual({ detector: 'dlq', redriven: 1 });
    // A tombstone, or a record that was not kept whole, cannot be redriven.
    expect(await cli('redrive', 'dlq', '--reason', 'missing_field')).toEqual({ detector: 'dlq', redriven: 1 });
    for (const id of (await letters(4)).filter(({ redrivenAt }) => redrivenAt !== null)) {
      const again = await cli('redrive', 'dlq', '--id', String(id.deadLetterId));
      expect(again).toEqual({ detector: 'dlq', redriven: 0 });
    }
    expect(await cli('redrive', 'dlq', '--reason', 'too_large')).toEqual({ detector: 'dlq', redriven: 0 });
    expect((await letters(6)).map(({ reason }) => reason).sort()).toEqual(
      ['missing_field', 'missing_field', 'not_json', 'not_json', 'too_large', 'tombstone'].sort(),
    );
    const records = (await readTopic(broker.brokers, topic)).filter(({ partition }) => partition === 1);
    expect(records.map(({ key, value }) => [key, value])).toEqual(Array(2).fill([Buffer.from([0xfe]), 'not json']));
    // Postgres keeps the values of a repeated name in order, but sorts the names its own way.
    const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : Number(a > b));
    expect([...records[1]!.headers].sort(byName)).toEqual([
      ['flowline.redriven', Buffer.from(`${topic}-1-0`)],
      ['many', Buffer.from('a')],
      ['many', Buffer.from('b')],
      ['raw', Buffer.from([0xff, 0x00])],
      ['trace', Buffer.from('é')],
    ]);
  }, 180_000);

  it('skips what has no way back, and sends the rest', async () => {
    database = await postgres.createDatabase();
    const topic = `back-${process.pid}`;
    await broker.createTopic(topic, 1);
    await applyTestDetector(database.db, testDefinition('back', topic));
    const letter = (from: string, partition: number, offset: number) =>
      database.query(
        `INSERT INTO flowline.dead_letters (detector, detector_version, topic, partition, "offset", reason, message, value, headers, record_time)
         VALUES ('back', 1, $1, $2, $3, 'not_json', '', 'x', '{}', now())`,
        [from, partition, offset],
      );
    // Dead letters of a file, of the topic, of a partition that it no longer has, and of a deleted
    // topic.
    await letter('events.ndjson#1f3a', 0, 1);
    await letter(topic, 0, 2);
    await letter(topic, 7, 3);
    await letter('gone', 0, 4);
    await letter(topic, 0, 5);
    const cli = scorers.startCli(['dlq', 'redrive', 'back', '--json']);
    expect([await cli.ended, cli.stderr()]).toEqual([0, '']);
    expect(JSON.parse(cli.stdout())).toMatchObject({
      ...{ detector: 'back', redriven: 2, skipped: 3 },
      reasons: expect.arrayContaining([expect.stringContaining('gone'), expect.stringContaining(`${topic}[7]`)]),
    });
    expect(await readTopic(broker.brokers, topic)).toHaveLength(2);
    const marked = await database.query(
      'SELECT "offset"::int AS o FROM flowline.dead_letters WHERE redriven_at IS NOT NULL',
    );
    expect(marked.map(({ o }) => o).sort()).toEqual([2, 5]);
  }, 120_000);
});
