import type { FeatureSpec } from '@flowline/events';
import type { FeatureTable } from '@flowline/features';
import { createMetrics, type Logger, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { MissingFeatures } from './missing-features.ts';

const feature = (name: string, type: FeatureSpec['type'], nullable: boolean): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable,
  maxLevels: 64,
  period: null,
});
const schema = [feature('temp', 'real', false), feature('wind', 'real', true), feature('sky', 'categorical', true)];

const rows = (size: number, wind: number, sky: string | null): FeatureTable => ({
  size,
  numeric: Float64Array.from({ length: 2 * size }, (_, i) => (i % 2 === 0 ? 20 : wind)),
  numericWidth: 2,
  levels: Array<string | null>(size).fill(sky),
  levelWidth: 1,
});

describe('MissingFeatures', () => {
  it('shows shares, and tells once of a nullable feature that has no value any more', async () => {
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const metrics = createMetrics({ processMetrics: false });
    const missing = new MissingFeatures('weather', metrics, logger);

    missing.note(schema, rows(500, 3, 'clear'));
    missing.note(schema, rows(600, NaN, 'clear'));
    expect(warnings).toEqual([]);
    missing.note(schema, rows(600, NaN, 'clear'));
    missing.note(schema, rows(600, NaN, 'clear'));
    expect(warnings).toEqual([{ feature: 'wind', events: 1_200 }]);
    const { body } = await metrics.expose();
    expect(body).toMatch(/flowline_feature_missing_ratio\{detector="weather",feature="wind"\} 0\.9/);
    expect(body).toContain('flowline_feature_missing_ratio{detector="weather",feature="sky"} 0');
    expect(body).not.toContain('feature="temp"');

    missing.note(schema, rows(1, 4, null));
    missing.note(schema, rows(1_000, NaN, null));
    expect(warnings.slice(1)).toEqual([
      { feature: 'wind', events: 1_000 },
      { feature: 'sky', events: 1_001 },
    ]);
  });
});
