import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createKafkaClient } from '@flowline/kafka';

import { startKafka, type TestKafka, withKafka } from '../support/kafka.ts';

const REST_MS = 200;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

withKafka(describe)('a connection to a broker', () => {
  let broker: TestKafka;
  beforeAll(async () => {
    broker = await startKafka();
  }, 90_000);
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => broker.stop());

  it('rests where nothing waits: no timer is set, and none in the past', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const admin = createKafkaClient({ brokers: broker.brokers, clientId: 'flowline-test', log: silent }).kafka.admin();
    await admin.connect();
    await admin.listTopics();
    await sleep(REST_MS);
    timers.mock.calls.splice(0);
    await sleep(REST_MS);
    const whileAtRest = timers.mock.calls.map(([, delayMs]) => delayMs);
    await admin.disconnect();
    expect(whileAtRest).toEqual([]);
  });
});
