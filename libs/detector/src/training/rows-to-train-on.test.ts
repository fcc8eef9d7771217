import { describe, expect, it } from '@jest/globals';
import { atOnce, type FeatureSpec } from '@flowline/events';
import { columnsOf, fitEncoding, type FeatureTable, sliceTable } from '@flowline/features';
import { Random } from '@flowline/flows';

import { rowsToTrainOn } from './rows-to-train-on.ts';

const feature = (name: string, nullable: boolean): FeatureSpec => ({
  ...{ name, type: 'real', from: name, role: 'score', nullable, maxLevels: 64, period: null },
});
const random = new Random(3);
const history: FeatureTable = {
  size: 1600,
  numeric: Float64Array.from({ length: 3200 }, (_, i) => (i % 14 === 1 ? NaN : random.normal())),
  numericWidth: 2,
  levels: [],
  levelWidth: 0,
};
const train = columnsOf(sliceTable(history, 0, 1200));
const parts = { train, validation: columnsOf(sliceTable(history, 1200, 1600)), calibration: train, test: train };
const encoding = fitEncoding([feature('x', false), feature('y', true)], sliceTable(history, 0, 1200));

describe('rowsToTrainOn', () => {
  it('gives the same rows whether they are encoded at once or when they are drawn', () => {
    const rowsOf = (draws: number, bytes?: number) =>
      atOnce(rowsToTrainOn({ data: 'clean', family: 'realNVP' }, encoding, parts, draws, bytes));
    const inMemory = rowsOf(10_000);
    const indices = Int32Array.of(0, 7, 7, 1199);
    const expected = encoding.split(encoding.encode(train.select(indices)));
    expect(inMemory.train.rowsAt(indices)).toEqual(expected);
    expect(inMemory.train.size).toBe(1200);
    expect(inMemory.validation.size).toBe(400);
    // Too few draws for the work, and too little memory.
    for (const drawn of [rowsOf(1199), rowsOf(10_000, 1200 * 3 * 4 - 1)]) {
      expect(drawn.train.rowsAt(indices)).toEqual(expected);
      expect(drawn.validation).toEqual(inMemory.validation);
    }
  });

  it('encodes rows once if they are drawn more often than they are', () => {
    const encoded: number[] = [];
    const counting = new Proxy(encoding, {
      get: (target, name) =>
        name === 'encode'
          ? (table: FeatureTable) => {
              encoded.push(table.size);
              return target.encode(table);
            }
          : (Reflect.get(target, name, target) as unknown),
    });
    const sum = () => encoded.splice(0).reduce((all, size) => all + size, 0);
    const once = atOnce(rowsToTrainOn({ data: 'clean', family: 'realNVP' }, counting, parts, 1200));
    expect(sum()).toBe(1600);
    once.train.rowsAt(Int32Array.of(1, 2, 3));
    expect(sum()).toBe(0);
    const drawn = atOnce(rowsToTrainOn({ data: 'clean', family: 'realNVP' }, counting, parts, 1199));
    expect(sum()).toBe(400);
    drawn.train.rowsAt(Int32Array.of(1, 2, 3));
    expect(sum()).toBe(3);
  });
});
