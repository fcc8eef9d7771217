import { beforeAll, describe, expect, it } from '@jest/globals';

import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';
import { expectParity } from '../testing/expect-parity.ts';
import { readParity } from '../testing/parity.ts';
import { Planar } from './planar.ts';
import { Radial } from './radial.ts';

beforeAll(() => initBackend('wasm'));

const net = { hidden: [], activation: 'relu', residual: false } as const;
const planar = readParity('planar');
const radial = readParity('radial');
const values = (weight: unknown) => Float32Array.from([weight].flat() as number[]);

describe('planar and radial maps against PyTorch', () => {
  (planar === undefined ? it.skip : it)('planar', () => {
    const { w, u, b } = planar!.weights;
    const features = (w as number[]).length;
    const map = new Planar({ type: 'planar', features, context: 0, leastSlope: 0, net }, new Random(1));
    Object.entries({ w, u, b }).forEach(([name, weight]) => map.variables.get(name)!.assign(values(weight)));
    expectParity(map, planar!);
    expect(map.inverseCost).toBe('iterative');
  });

  (radial === undefined ? it.skip : it)('radial', () => {
    const { x0, alphaRaw, betaRaw } = radial!.weights;
    const features = (x0 as number[]).length;
    const map = new Radial({ type: 'radial', features, context: 0, net }, new Random(1));
    const named = { center: x0, alphaRaw, betaRaw };
    Object.entries(named).forEach(([name, weight]) => map.variables.get(name)!.assign(values(weight)));
    expectParity(map, radial!);
    expect(map.inverseCost).toBe('parallel');
  });
});
