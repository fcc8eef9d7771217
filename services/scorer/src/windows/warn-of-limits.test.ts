import { createMetrics, type Logger, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { warnOfLimits, warnOfMemory } from './warn-of-limits.ts';

function listening() {
  const warnings: (readonly [string, string])[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (fields: object, text?: string) =>
      void warnings.push([String((fields as { limit?: string }).limit), text ?? '']),
  };
  return { logger, warnings, metrics: createMetrics() };
}

describe('a limit of windows that is reached', () => {
  it('is counted each time, and said once a minute for each limit', async () => {
    const { logger, warnings, metrics } = listening();
    const reached = warnOfLimits(logger, metrics, 'sensors');
    for (const limit of ['entities', 'events_of_entity', 'entities', 'entities'] as const) reached(limit);
    expect(warnings).toEqual([
      ['entities', expect.stringContaining('100,000 entities')],
      ['events_of_entity', expect.stringContaining('the last 1,000')],
    ]);
    const { values } = await metrics.windowsLimited.get();
    expect(values.map(({ labels, value }) => [labels.limit, value])).toEqual([
      ['entities', 3],
      ['events_of_entity', 1],
    ]);
  });

  it('that the process shares is, too', async () => {
    const { logger, warnings, metrics } = listening();
    const reached = warnOfMemory(logger, metrics, 16_000_000);
    reached();
    reached();
    expect(warnings).toEqual([['memory', expect.stringContaining('FLOWLINE_WINDOWS_MAX_BYTES')]]);
    expect((await metrics.windowsForgotten.get()).values[0]?.value).toBe(2);
  });
});
