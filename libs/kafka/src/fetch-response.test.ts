import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decodeFetchResponse } from './fetch-response.ts';
import { answer, type BatchParts, batchOf, endOf } from './testing/log-bytes.ts';

const TOPIC = 't';
const decode = async (log: Buffer, from = 0, aborted: readonly (readonly [bigint, number])[] = []) => {
  const { responses } = await decodeFetchResponse(answer(TOPIC, log, aborted), 11, () => from);
  return responses[0]?.partitions[0]?.messages ?? [];
};
const shown = async (...args: Parameters<typeof decode>) =>
  (await decode(...args)).filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => Number(offset));
const records = (count: number, value = 'v') => Array.from({ length: count }, () => ({ value: Buffer.from(value) }));

describe('decodeFetchResponse', () => {
  it('gives key, value, headers and time of each record, whatever its headers are called', async () => {
    const headers: [string, Buffer | null][] = [
      ['__proto__', Buffer.from('a')],
      ['constructor', Buffer.from('b')],
      ['twice', Buffer.from('1')],
      ['twice', null],
    ];
    const log = batchOf({ baseOffset: 5, records: [{ key: Buffer.from('k'), value: Buffer.from('v'), headers }] });
    const [message] = await decode(log);
    expect(message).toMatchObject({ offset: '5', key: Buffer.from('k'), value: Buffer.from('v'), timestamp: '1000' });
    expect(Object.entries(message?.headers ?? {})).toEqual([
      ['__proto__', Buffer.from('a')],
      ['constructor', Buffer.from('b')],
      ['twice', [Buffer.from('1'), null]],
    ]);
  });

  it('begins in the middle of a batch, and goes on behind what compaction has removed', async () => {
    const log = batchOf({ baseOffset: 0, records: records(3), lastOffsetDelta: 9 });
    expect(await shown(log, 1)).toEqual([1, 2]);
    expect((await decode(log, 1)).at(-1)).toMatchObject({ offset: '9', isControlRecord: true });
    expect(await decode(log, 5)).toEqual([expect.objectContaining({ offset: '9', isControlRecord: true })]);
    expect(await shown(Buffer.concat([log, batchOf({ baseOffset: 10, records: records(1) })]).subarray(0, -1))).toEqual(
      [0, 1, 2],
    );
  });

  it('withholds aborted transactions that interleave, in whatever order they are named', async () => {
    const log = Buffer.concat([
      batchOf({ baseOffset: 0, producerId: 1n, records: records(2) }),
      batchOf({ baseOffset: 2, producerId: 2n, records: records(2) }),
      batchOf({ baseOffset: 4, records: [{ key: Buffer.alloc(4), value: Buffer.from('v') }] }),
      batchOf({ baseOffset: 5, producerId: 1n, records: records(1) }),
      endOf({ baseOffset: 6, producerId: 2n, aborts: true }),
      batchOf({ baseOffset: 7, producerId: 2n, records: records(1) }),
      endOf({ baseOffset: 8, producerId: 1n, aborts: true }),
      endOf({ baseOffset: 9, producerId: 2n, aborts: false }),
      batchOf({ baseOffset: 10, producerId: 1n, records: records(1) }),
      endOf({ baseOffset: 11, producerId: 1n, aborts: false }),
    ]);
    const aborted = [
      [2n, 2],
      [1n, 0],
    ] as const;
    expect(await shown(log, 0, aborted)).toEqual([4, 7, 10]);
    expect(await shown(log, 3, aborted)).toEqual([4, 7, 10]);
    expect((await decode(log, 0, aborted)).at(-1)).toMatchObject({ offset: '11', isControlRecord: true });
  });

  it('takes a batch that unpacks to too much for records without a value, and reads on behind it', async () => {
    const bomb: BatchParts = { baseOffset: 0, records: [], count: 3, lastOffsetDelta: 2, attributes: 1 };
    const log = Buffer.concat([
      batchOf({ ...bomb, packed: gzipSync(Buffer.alloc(70_000_000), { level: 1 }) }),
      batchOf({ baseOffset: 3, records: records(1) }),
    ]);
    const messages = await decode(log);
    expect(messages.map(({ offset, fault }) => [offset, fault?.reason])).toEqual([
      ['0', 'too_large'],
      ['1', 'too_large'],
      ['2', 'too_large'],
      ['3', undefined],
    ]);
  });

  it('stops at no bytes: what is damaged has a fault, and every offset from where reading began is accounted for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 9 }),
        async (bytes, attributes, from) => {
          const hostile = batchOf({
            baseOffset: 0,
            records: [],
            count: 10,
            lastOffsetDelta: 9,
            attributes,
            packed: Buffer.from(bytes),
          });
          const messages = await decode(
            Buffer.concat([hostile, batchOf({ baseOffset: 10, records: records(1) })]),
            from,
          );
          expect(messages.at(-1)).toMatchObject({ offset: '10', value: Buffer.from('v') });
          expect(messages.slice(0, -1).some(({ fault, value }) => fault !== undefined && value !== null)).toBe(false);
          expect(messages.some(({ offset }) => Number(offset) === 9)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
