import { describe, expect, it } from '@jest/globals';
import type { Flow } from '@flowline/flows';

import { keptRuns, type TrainedRun } from './kept-runs.ts';

const run = (member: number, start: 'cold' | 'warm', nll: number | null): TrainedRun => ({
  member,
  start,
  flow: { name: `${start} ${member}` } as unknown as Flow,
  report:
    nll === null
      ? null
      : {
          steps: 1,
          bestStep: 1,
          bestValidationNll: nll,
          stoppedBy: 'steps',
          skippedSteps: 0,
          trimmedShare: 0,
          curves: [],
        },
});

describe('keptRuns', () => {
  it('keeps the start with the lower loss per member, and the cold one of two equal ones', () => {
    const { members, comparisons } = keptRuns([
      ...[run(0, 'cold', 2), run(0, 'warm', 1), run(1, 'cold', 2), run(1, 'warm', 2)],
      ...[run(2, 'cold', 2), run(2, 'warm', null)],
    ]);
    expect(members.map(({ flow }) => (flow as unknown as { name: string }).name)).toEqual([
      'warm 0',
      'cold 1',
      'cold 2',
    ]);
    expect(members.map(({ report }) => report.bestValidationNll)).toEqual([1, 2, 2]);
    expect(comparisons).toEqual([
      { cold: 2, warm: 1 },
      { cold: 2, warm: 2 },
      { cold: 2, warm: null },
    ]);
  });

  it('compares nothing without a warm start', () => {
    const { members, comparisons } = keptRuns([run(0, 'cold', 2), run(1, 'cold', 3)]);
    expect(members).toHaveLength(2);
    expect(comparisons).toEqual([]);
  });
});
