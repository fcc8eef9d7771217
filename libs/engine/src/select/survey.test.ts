import { describe, expect, it } from '@jest/globals';
import { FlowlineError } from '@flowline/events';

import type { BackendEntry } from '../targets/backend-entry.ts';
import { backendEntry } from './backend-table.ts';
import { surveyBackends } from './survey.ts';

const counted: { rows: number[] } = { rows: [] };

/** The reference, recording the batches that it is asked for. */
const watched: BackendEntry = {
  ...backendEntry('reference'),
  create: async (frozen, options) => {
    const scorer = await backendEntry('reference').create(frozen, options);
    return {
      ...scorer,
      name: 'reference',
      score: (rows, n) => {
        counted.rows.push(n);
        return scorer.score(rows, n);
      },
      dispose: () => scorer.dispose(),
    };
  },
};
const gone: BackendEntry = {
  ...backendEntry('webgpu'),
  probe: () => Promise.resolve({ available: false, why: 'there is no driver', remedy: 'Install it.' }),
};
const failing: BackendEntry = {
  ...backendEntry('wasm'),
  create: () =>
    Promise.reject(
      new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', 'it was rejected', { where: 'wasm', remedy: 'Take another.' }),
    ),
};

describe('the survey of backends', () => {
  it('says of each whether it runs, on what and how fast, or why not and what would help', async () => {
    const [absent, broken, running] = await surveyBackends([gone, failing, watched]);
    const nothing = { available: false, device: null, eventsPerSecond: null };
    expect(absent).toMatchObject({ ...nothing, optional: true, why: 'there is no driver', remedy: 'Install it.' });
    expect(broken).toMatchObject({ ...nothing, optional: false, why: 'it was rejected', remedy: 'Take another.' });
    expect(running).toMatchObject({ available: true, device: '1 thread, float64', why: null, remedy: null });
    expect(running!.eventsPerSecond).toBeGreaterThan(0);
    // The reported batch is the one that was timed.
    expect(running!.batch).toBe(counted.rows.at(-1));
  });
});
