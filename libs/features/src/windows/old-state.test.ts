import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { createRecordReader } from '../record-reader.ts';
import { EntityWindows } from './entity-windows.ts';

const feature = (name: string, from: FeatureSpec['from']): FeatureSpec => ({
  ...{ name, type: 'real', from, role: 'score', nullable: true, maxLevels: 64, period: null },
});
const schema = [
  feature('previous', { lag: { of: 'x' } }),
  feature('mean', { rolling: { of: 'x', statistic: 'mean', over: '1h' } }),
  feature('count', { rolling: { statistic: 'count', over: 3 } }),
];
const entity = { key: ['id'], time: { field: 't', unit: 'ms' } } as const;
const open = (): EntityWindows => new EntityWindows({ schema, lookups: {}, entity });

/**
 * State of these windows as Flowline 0.1 stored it, in one piece, after events of a (0 ms: 1.5), é"
 * (1 ms: 2.25) and a again (2 ms: -0.1, 3 ms: null).
 */
const OLD_ID = '982eb718197b6bd437e027e4f5b54753a08342b7f7fa02d03e766605b8d986f0';
const OLD_STATE = [
  'AgAAAFtdAAAAAAAA8P8AAAAAAADw/wAAAAAAABTAAAAAAAAAAAAAAAAAAADwPwAAAAAAAABAAAAAAAAACEAAAAAAAAD4fwAAAAAA',
  'APh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/',
  'AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAA',
  'AAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/HAAAAFtb',
  'IsOpXCIiLFsxLDFdXSxbImEiLFsyLDNdXV0AAAAAAADwPwAAAAAAAPD/AAAAAAAA8D8AAAAAAADwPwAAAAAAAAJAAAAAAAAA8D8A',
  'AAAAAADwPwAAAAAAAAhAAAAAAAAA8P8AAAAAAADwPwAAAAAAAAAAAAAAAAAAAEAAAAAAAAD4P5qZmZmZmbm/AAAAAAAAAAAAAAAA',
  'AAAAQAAAAAAAAAhAAAAAAAAA8D8AAAAAAADwPwAAAAAAAPA/',
].join('');

describe('a state that was stored before pieces', () => {
  it('is read, and followed by the whole in the format of today', () => {
    const windows = open();
    const pieces = [{ nextOffset: 7, bytes: Buffer.from(OLD_STATE, 'base64') }];
    expect(windows.restore({ id: OLD_ID, nextOffset: 7, token: null, pieces })).toBe(true);
    expect([windows.size, windows.nextOffset, windows.takeNewEntities()]).toEqual([2, 7, []]);
    const records = [
      { id: 'a', t: 4, x: 1 },
      { id: 'é"', t: 5, x: 1 },
    ];
    const { table } = createRecordReader(schema, {}).read(records, windows.batch([7, 8], [4, 5]));
    expect([...table.numeric]).toEqual([-0.1, 0.7, 3, 2.25, 2.25, 1]);
    const steps = windows.snapshotSteps();
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    expect(step.value).toMatchObject({ id: windows.id, nextOffset: 9, follows: null });
    expect(windows.id).not.toBe(OLD_ID);
    const next = open();
    expect(next.restore(step.value)).toBe(true);
    expect(next.size).toBe(2);
  });
});
