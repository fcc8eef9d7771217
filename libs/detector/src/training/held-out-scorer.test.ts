import { initBackend, iaf, realNVP } from '@flowline/flows';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { heldOutScorer } from './held-out-scorer.ts';

beforeAll(() => initBackend('cpu'));

describe('heldOutScorer', () => {
  it('is compiled code that agrees with the reference', async () => {
    const flow = realNVP({ features: 2, layers: 2, hidden: [4], seed: 1 });
    const scorer = await heldOutScorer([flow], 'tfjs-cpu');
    expect(scorer.name).toMatch(/^wasm/);
    expect(scorer.reason).toMatch(/of the tolerance/);
    scorer.dispose();
    flow.dispose();
  });

  it('is the tensors of a flow without a compiled form, and says why', async () => {
    const flow = iaf({ features: 2, layers: 1, hidden: [4], seed: 1 });
    const scorer = await heldOutScorer([flow], 'tfjs-cpu');
    expect(scorer.name).toBe('tfjs-cpu');
    expect(scorer.why).toMatch(/no other can/);
    scorer.dispose();
    flow.dispose();
  });
});
