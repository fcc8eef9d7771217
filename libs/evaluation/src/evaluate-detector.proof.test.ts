import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { formatOf, type FileFormat, readTable } from '@flowline/tables';
import { describe, expect, it } from '@jest/globals';

import { evaluateDetector } from './evaluate-detector.ts';
import { labelledRows } from './labelled-rows.ts';
import { splitRows } from './protocols.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/anomaly/', import.meta.url));
const isThere = existsSync(folder);
const isRequired = process.env.FLOWLINE_REQUIRE_SHARED === '1';
if (!isThere && !isRequired) console.warn(`Skipped: the labelled anomaly sets are not at ${folder}`);

/**
 * Floors of the product on sets of different kinds, one-class, seed 0. A floor only rises: whoever
 * improves the detector raises them to what is then measured, less a hundredth.
 */
const floors = [
  { name: 'thyroid', auroc: 0.977, averagePrecision: 0.78 },
  { name: 'wdbc', auroc: 0.989, averagePrecision: 0.98 },
  { name: 'breastw', auroc: 0.973, averagePrecision: 0.96 },
  { name: 'annthyroid', auroc: 0.929, averagePrecision: 0.68 },
  { name: 'pageblocks', auroc: 0.951, averagePrecision: 0.84 },
  { name: 'cover', auroc: 0.95, averagePrecision: 0.63 },
] as const;

(isThere || isRequired ? describe : describe.skip)('the detector on labelled sets', () => {
  it.each(floors)(
    '$name: AUROC of at least $auroc, average precision of at least $averagePrecision',
    async ({ name, auroc, averagePrecision }) => {
      const file = `${folder}${name}.csv.gz`;
      const set = labelledRows(await readTable(file, { format: formatOf(file) as FileFormat }), { label: 'label' });
      const rows = { ...set, protocol: 'one-class' as const, ...splitRows(set.labels, 'one-class', 0) };
      const found = await evaluateDetector(rows, { seed: 0, alpha: 0.01 });
      expect(found.auroc).toBeGreaterThanOrEqual(auroc);
      expect(found.averagePrecision).toBeGreaterThanOrEqual(averagePrecision);
      // Far fewer calibration rows than alarms could be promised for: no alarm, or about as asked.
      expect(found.alarms.realised).toBeLessThan(0.05);
    },
    240_000,
  );
});
