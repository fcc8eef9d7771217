import { createMetrics, type Logger, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { warnOfForgottenIds } from './warn-of-forgotten-ids.ts';

describe('ids that are forgotten before their window is over', () => {
  it('are counted each time, and said once per partition', async () => {
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const metrics = createMetrics({ processMetrics: false });
    const forgotten = warnOfForgottenIds(logger, metrics, 'checkout');
    for (const partition of [0, 1, 0, 0]) forgotten({ topic: 'orders', partition });
    expect(warnings).toMatchObject([
      { topic: 'orders', partition: 0, remedy: expect.stringContaining('source.deduplicate.maxIds') },
      { topic: 'orders', partition: 1 },
    ]);
    expect((await metrics.expose()).body).toContain('flowline_event_ids_forgotten_early_total{detector="checkout"} 4');
  });
});
