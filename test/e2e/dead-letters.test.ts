import { listDeadLetters } from '@flowline/db';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { readTopic } from '../support/checker.ts';
import { startKafka, type TestKafka, withKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, testDefinition, testEvents } from '../support/scorer-model.ts';
import { type ServiceProcess, startCli, startScorer } from '../support/scorer-process.ts';

withKafka(describe)('flowline dlq', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const running: ServiceProcess[] = [];

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka(), startPostgres()]);
    database = await postgres.createDatabase();
  }, 180_000);
  afterEach(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
  });
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  it('lists what could not be scored and sends it again, byte for byte and once', async () => {
    const topic = `dlq-${process.pid}`;
    await broker.createTopic(topic, 2);
    await broker.createTopic(`${topic}.alerts`, 1);
    await applyTestDetector(database.db, testDefinition('dlq', topic));
    const env = {
      FLOWLINE_DATABASE_URL: database.url,
      FLOWLINE_KAFKA_BROKERS: broker.brokers.join(','),
      FLOWLINE_EVENT_MAX_BYTES: '1000',
    };
    const [event] = testEvents(1, 3);
    const headers = { trace: 'é', raw: Buffer.from([0xff, 0x00]), many: ['a', 'b'] };
    const producer = broker.kafka.producer();
    await producer.connect();
    await producer.send({
      topic,
      messages: [
        { partition: 1, key: Buffer.from([0xfe]), value: 'not json', headers },
        { partition: 0, key: 'k', value: JSON.stringify({ ...event, latency: undefined }) },
        { partition: 0, value: 'x'.repeat(2_000) },
        { partition: 0, key: 'gone', value: null },
      ],
    });
    await producer.disconnect();
    running.push(startScorer([], env));
    const letters = async (count: number) => {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const found = await listDeadLetters(database.db, { limit: 100 });
        if (found.length >= count) return found;
        if (Date.now() > deadline) throw new Error(running[0]?.stderr().slice(-3000));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await letters(4);
    const cli = async (...args: string[]) => {
      const run = startCli(['dlq', ...args, '--json'], env);
      expect([await run.ended, run.stderr()]).toEqual([0, '']);
      return JSON.parse(run.stdout()) as unknown;
    };
    const listed = await cli('ls', '--detector', 'dlq', '--reason', 'not_json');
    expect(listed).toMatchObject([
      { reason: 'not_json', value: 'not json', key: { base64: '/g==' }, partition: 1, offset: 0, redrivenAt: null },
    ]);
    expect(listed).toMatchObject([{ headers: { trace: 'é', raw: { base64: '/wA=' }, many: ['a', 'b'] } }]);

    expect(await cli('redrive', 'dlq', '--reason', 'not_json')).toEqual({ detector: 'dlq', redriven: 1 });
    // What a tombstone was, or more than was kept of it, cannot be sent again.
    expect(await cli('redrive', 'dlq', '--reason', 'missing_field')).toEqual({ detector: 'dlq', redriven: 1 });
    for (const id of (await letters(4)).filter(({ redrivenAt }) => redrivenAt !== null)) {
      const again = await cli('redrive', 'dlq', '--id', String(id.deadLetterId));
      expect(again).toEqual({ detector: 'dlq', redriven: 0 });
    }
    expect(await cli('redrive', 'dlq', '--reason', 'too_large')).toEqual({ detector: 'dlq', redriven: 0 });
    expect((await letters(6)).map(({ reason }) => reason).sort()).toEqual(
      ['missing_field', 'missing_field', 'not_json', 'not_json', 'too_large', 'tombstone'].sort(),
    );
    const records = (await readTopic(broker.kafka, topic)).filter(({ partition }) => partition === 1);
    expect(records.map(({ key, value }) => [key, value])).toEqual(Array(2).fill([Buffer.from([0xfe]), 'not json']));
    expect(records[1]?.headers).toEqual({
      trace: Buffer.from('é'),
      raw: Buffer.from([0xff, 0x00]),
      many: [Buffer.from('a'), Buffer.from('b')],
      'flowline.redriven': Buffer.from(`${topic}-1-0`),
    });
  }, 180_000);
});
