import { expect, it } from '@jest/globals';

import { FixedBatch } from './fixed-batch.ts';

it('serves the same batch at every step, whichever rows are asked for', () => {
  const batch = { x: Float32Array.from({ length: 1024 }, (_, i) => i), size: 512 };
  const rows = new FixedBatch(batch);
  for (let step = 0; step < 3; step++) {
    const [first, second] = [0, 256].map((from) => rows.rowsAt(new Int32Array(256).fill(from + 9)));
    expect([...first!.x, ...second!.x]).toEqual([...batch.x]);
  }
});
