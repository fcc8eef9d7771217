import { describe, expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';

import { toRecord } from './to-record.ts';

const message = (more: object): KafkaMessage =>
  ({ offset: '7', key: null, value: null, timestamp: '5', attributes: 0, ...more }) as KafkaMessage;

describe('toRecord', () => {
  it('passes key, value and headers on as they came, also headers without a value', () => {
    const headers = { a: Buffer.from('x'), none: null, many: [Buffer.from('1'), null] };
    const record = toRecord(message({ key: Buffer.from('k'), value: Buffer.from('v'), headers }));
    expect(record).toEqual({ offset: 7, key: Buffer.from('k'), value: Buffer.from('v'), headers, timestampMs: 5 });
    expect(toRecord(message({})).headers).toEqual({});
  });

  it('brings absurd timestamps into range', () => {
    expect(toRecord(message({ timestamp: '-1' })).timestampMs).toBe(0);
    expect(toRecord(message({ timestamp: '9223372036854775807' })).timestampMs).toBe(8.64e15);
  });
});
