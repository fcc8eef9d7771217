import { describe, expect, it } from '@jest/globals';

import { StepClock } from './step-clock.ts';

describe('a step clock', () => {
  it.each([1, 3, 10, 1000])('measures %d steps or more, without those that warm up', (steps) => {
    let ms = 0;
    const clock = new StepClock(steps, () => ms);
    for (let step = 1; step <= clock.steps; step++) {
      ms += step <= clock.period ? 1000 : 7;
      if (step % clock.period === 0) clock.onProgress({ step });
    }
    expect(clock.steps - clock.period).toBeGreaterThanOrEqual(steps);
    expect(clock.msPerStep).toBeCloseTo(7, 9);
  });

  it('has no time before two reports', () => {
    const clock = new StepClock(10);
    expect(clock.msPerStep).toBeNaN();
    clock.onProgress({ step: clock.period });
    expect(clock.msPerStep).toBeNaN();
  });
});
