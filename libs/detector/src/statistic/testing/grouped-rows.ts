import type { FeatureSpec } from '@flowline/events';
import type { FeatureTable } from '@flowline/features';
import type { Random } from '@flowline/flows';

const feature = (name: string, type: FeatureSpec['type'], others: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable: false, maxLevels: 64, period: null },
  ...others,
});

/** Features of {@link groupedRows}. */
export const groupedSchema: readonly FeatureSpec[] = [
  feature('a', 'real'),
  feature('b', 'real', { nullable: true }),
  feature('busy', 'boolean', { role: 'context' }),
];

/**
 * Rows of four groups: busy ones vary twenty times as much; b follows a, and is missing in a third
 * of the rows. A share of them lies far off.
 */
export function groupedRows(size: number, random: Random, anomalies = 0): FeatureTable {
  const numeric = new Float64Array(2 * size);
  const levels = Array.from({ length: size }, (_, row) => {
    const isBusy = random.uniform() < 0.5;
    const spread = isBusy ? 1 : 0.05;
    const shift = random.uniform() < anomalies ? 30 : 0;
    const a = spread * random.normal() + shift;
    numeric.set([a, random.uniform() < 1 / 3 ? NaN : 100 * (a + 0.3 * spread * random.normal())], 2 * row);
    return String(isBusy);
  });
  return { size, numeric, numericWidth: 2, levels, levelWidth: 1 };
}

/** Places of the rows of each group among grouped rows. */
export function groupsOf({ numeric, levels }: FeatureTable): readonly (readonly number[])[] {
  const groups = [0, 1, 2, 3].map((): number[] => []);
  levels.forEach((level, row) => {
    groups[(level === 'true' ? 2 : 0) + (Number.isNaN(numeric[2 * row + 1]) ? 1 : 0)]?.push(row);
  });
  return groups;
}
