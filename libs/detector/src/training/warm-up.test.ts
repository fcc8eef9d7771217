import { describe, expect, it } from '@jest/globals';
import { initBackend, tensorCount } from '@flowline/flows';

import { warmUpTraining } from './warm-up.ts';

describe('warmUpTraining', () => {
  it('gives the event loop turns, and leaves no tensor behind', async () => {
    await initBackend('wasm');
    const before = tensorCount();
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await warmUpTraining();
    clearInterval(timer);
    expect(tensorCount()).toBe(before);
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
