import { readdir, readFile } from 'node:fs/promises';

import { describe, expect, it, jest } from '@jest/globals';

import { createMetrics } from './metrics.ts';

const root = new URL('../../../', import.meta.url);

/** Text of the sources of libs and services, without tests and without the table of metrics. */
async function sources(): Promise<string> {
  const texts: string[] = [];
  for (const folder of ['libs', 'services']) {
    for (const file of await readdir(new URL(folder, root), { recursive: true })) {
      const isSource =
        /\/src\/.*\.ts$/.test(file) && !/node_modules|\.test\.ts$|telemetry\/src\/metrics\.ts$/.test(file);
      if (isSource) texts.push(await readFile(new URL(`${folder}/${file}`, root), 'utf8'));
    }
  }
  return texts.join('\n');
}

describe('metrics', () => {
  it('are all set by a program', async () => {
    const { registry: _registry, expose: _expose, ...metrics } = createMetrics({ processMetrics: false });
    const text = await sources();
    const isUsed = (name: string): boolean =>
      new RegExp(`metrics(\\.|\\[')${name}\\b|[{,]\\s*${name}\\b[^:(]`).test(text);
    expect(Object.keys(metrics).filter((name) => !isUsed(name))).toEqual([]);
  });

  it('tell the age of a model at the time of the scrape', async () => {
    const now = jest.spyOn(Date, 'now');
    try {
      const { modelAge, registry } = createMetrics({ processMetrics: false });
      modelAge.since('orders', new Date(1_000_000));
      const ageAt = async (nowMs: number): Promise<string | undefined> => {
        now.mockReturnValue(nowMs);
        return (await registry.metrics()).split('\n').find((line) => line.startsWith('flowline_model_age_seconds{'));
      };
      expect(await ageAt(1_060_000)).toBe('flowline_model_age_seconds{detector="orders"} 60');
      expect(await ageAt(4_600_000)).toBe('flowline_model_age_seconds{detector="orders"} 3600');
    } finally {
      now.mockRestore();
    }
  });
});
