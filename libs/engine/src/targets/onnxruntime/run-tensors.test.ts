import { describe, expect, it } from '@jest/globals';

import { RunTensors } from './run-tensors.ts';

class FakeTensor {
  readonly type: string;
  readonly data: Float32Array;
  readonly dims: readonly number[];

  constructor(type: string, data: Float32Array, dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = dims;
  }
}

describe('the tensors of runs', () => {
  it('stand for the memory of rows and results, and are the same for as many rows', () => {
    const tensors = new RunTensors(FakeTensor, 'latent');
    const first = tensors.of(32, 5, 3);
    expect(first.feeds.rows).toMatchObject({ dims: [32, 5], data: first.input });
    expect(first.fetches).toMatchObject({ latent: { dims: [32, 3], data: first.output } });
    expect(tensors.of(32, 5, 3)).toBe(first);
    const more = tensors.of(48, 5, 3);
    expect(more.input).toHaveLength(48 * 5);
    expect(more.output).toHaveLength(48 * 3);
  });
});
