import { describe, expect, it } from '@jest/globals';

import { scoringCompute } from './scoring-compute.ts';

const silent = { scoring: { backend: null, threads: null } };

describe('scoringCompute', () => {
  it('asks the environment first, then the detector, then takes auto, each setting for itself', () => {
    const detector = { backend: 'wasm', threads: 4 } as const;
    expect(scoringCompute(silent, null)).toEqual({ backend: 'auto', threads: null, decidedBy: 'the default' });
    expect(scoringCompute(silent, detector)).toEqual({ ...detector, decidedBy: 'compute.backend of the detector' });
    expect(scoringCompute({ scoring: { backend: 'auto', threads: null } }, detector)).toEqual({
      backend: 'auto',
      threads: 4,
      decidedBy: 'FLOWLINE_SCORING_BACKEND',
    });
    expect(scoringCompute({ scoring: { backend: null, threads: 1 } }, detector)).toMatchObject({
      backend: 'wasm',
      threads: 1,
    });
  });
});
