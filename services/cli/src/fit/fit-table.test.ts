import { tableOfRecords } from '@flowline/tables';
import { describe, expect, it } from '@jest/globals';

import { fitTable } from './fit-table.ts';
import { planFit } from './plan.ts';

describe('fitTable', () => {
  it('names a command that takes shorter files, whichever was given one', async () => {
    const records = Array.from({ length: 150 }, (_, i) => ({ x: Math.sin(i), y: Math.cos(3 * i) }));
    const table = tableOfRecords(records, 'short.csv');
    const options = { definition: null, ignore: [], data: null, alpha: null, seed: null, family: null };
    await expect(fitTable(table, await planFit(table, options))).rejects.toMatchObject({
      code: 'FLOWLINE_HISTORY_TOO_SMALL',
      remedy: expect.stringContaining('`flowline fit --family auto` takes files from 100 rows'),
    });
  });
});
