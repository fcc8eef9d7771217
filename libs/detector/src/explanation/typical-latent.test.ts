import { describe, expect, it } from '@jest/globals';

import { typicalLatent } from './typical-latent.ts';

const mode = (centre: readonly number[], logScale = [0, 0], logWeight = 0) => ({ logWeight, centre, logScale });
const normal = mode([0, 0]);

describe('typicalLatent', () => {
  it('shrinks a latent to the radius along its ray, and leaves one within it', () => {
    expect(typicalLatent([normal], Float32Array.of(6, 8), 1)).toEqual(Float32Array.of(0.6, 0.8));
    expect(typicalLatent([normal], Float32Array.of(0.6, 0.7), 1)).toBeNull();
    expect(typicalLatent([normal], Float32Array.of(NaN, 8), 1)).toBeNull();
  });

  it('shrinks it towards the component that it belongs to, in its scales', () => {
    const modes = [mode([-10, 0]), mode([10, 2], [Math.log(2), Math.log(2)])];
    const near = typicalLatent(modes, Float32Array.of(16, 10), 1);
    expect([...near!]).toEqual([expect.closeTo(11.2, 5), expect.closeTo(3.6, 5)]);
    expect(typicalLatent(modes, Float32Array.of(-10.5, 0.1), 1)).toBeNull();
  });

  it('leaves the coordinates of missing features 0', () => {
    expect(typicalLatent([mode([5, 3])], Float32Array.of(0, 7), 1)).toEqual(Float32Array.of(0, 4));
  });
});
