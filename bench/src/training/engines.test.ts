import { expect, it } from '@jest/globals';

import { ourEngineNames, oursOf } from './engines.ts';

it('pairs each engine of ours with those of its thread counts that are selected', () => {
  expect(oursOf({ ours: ourEngineNames, peers: [], threads: [1, 2] })).toEqual([
    { engine: 'flowline-wasm', threads: 1 },
    { engine: 'flowline-wasm-pool', threads: 2 },
    { engine: 'tfjs-wasm', threads: 1 },
    { engine: 'tensorflow', threads: 1 },
    { engine: 'tensorflow', threads: 2 },
  ]);
  expect(oursOf({ ours: ['flowline-wasm', 'tensorflow'], peers: [], threads: [2] })).toEqual([
    { engine: 'tensorflow', threads: 2 },
  ]);
});
