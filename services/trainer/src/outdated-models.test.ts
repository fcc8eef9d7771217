import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { type OutdatedDetector, trainOutdatedModels } from './outdated-models.ts';

describe('trainOutdatedModels', () => {
  it('trains once per definition, also where that fails, and again for the next definition', async () => {
    const stop = new AbortController();
    const detector = (version: number): OutdatedDetector => ({ name: 'weather', version, changes: ['spec.features'] });
    const looks = [[], [detector(2)], [detector(2)], [detector(3)], [detector(3)]];
    const trained: string[] = [];
    const failed: string[] = [];
    await trainOutdatedModels({
      list: () => {
        const next = looks.shift();
        if (next === undefined) stop.abort();
        return Promise.resolve(next ?? []);
      },
      train: (name) => {
        trained.push(name);
        return Promise.reject(new Error('too few rows'));
      },
      onError: (name) => failed.push(name),
      logger: silentLogger,
      signal: stop.signal,
      everyMs: 1,
    });
    expect(trained).toEqual(['weather', 'weather']);
    expect(failed).toEqual(trained);
  });
});
