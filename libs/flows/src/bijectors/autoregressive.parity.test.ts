import { beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend } from '../backend.ts';
import type { Bijector } from '../bijector.ts';
import { Random } from '../random.ts';
import { expectParity } from '../testing/expect-parity.ts';
import { biasFrom, kernelFrom, readParity } from '../testing/parity.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import { DeepSigmoid } from '../transformers/deep-sigmoid.ts';
import { Autoregressive } from './autoregressive.ts';
import { Chain } from './chain.ts';

beforeAll(() => initBackend('wasm'));

const zuko = readParity('zuko_maf');
const dsf = readParity('naf_dsf');

describe('autoregressive maps against PyTorch', () => {
  (zuko === undefined ? it.skip : it)("zuko's MAF: softsign log-scale, masks, reversed orders", () => {
    const { config, weights } = zuko!;
    const hidden = config.hidden as number[];
    const transformer = new AffineTransformer({ type: 'affine', scale: { kind: 'softsign', bound: Math.log(1e3) } });
    const net = { hidden, activation: 'relu', residual: false } as const;
    const maps = Array.from({ length: Number(config.transforms) }, (_, k): Bijector => {
      const of = (name: string) => weights[`transform.transforms.${k}.${name}`];
      const map = new Autoregressive(
        { context: 0, order: of('order') as number[], inputClip: null, net, transformer },
        new Random(1),
      );
      const last = hidden.length;
      for (let layer = 0; layer <= last; layer++) {
        const weight = of(`hyper.${2 * layer}.weight`) as number[][];
        const mask = of(`hyper.${2 * layer}.mask`) as (number | boolean)[][];
        const kept = weight.map((row, i) => row.map((value, j) => value * Number(mask[i]![j])));
        // Our outputs alternate log-scale and shift per feature; zuko's alternate shift and
        // log-scale.
        const outputs = layer === last ? weight.map((_row, i) => i ^ 1) : undefined;
        map.variables.get(`w${layer}`)!.assign(kernelFrom(kept, outputs));
        map.variables.get(`b${layer}`)!.assign(biasFrom(of(`hyper.${2 * layer}.bias`), outputs));
      }
      return map;
    });
    expectParity(new Chain(maps), zuko!);
    expect(new Chain(maps).inverseCost).toBe('sequential');
  });

  (dsf === undefined ? it.skip : it)('a deep sigmoidal map, in both directions', () => {
    const { a, b, logw } = dsf!.weights as Record<string, number[][]>;
    const [features, units] = [a!.length, a![0]!.length];
    const transformer = new DeepSigmoid({
      type: 'deepSigmoid',
      units,
      scale: { kind: 'none', bound: null },
      spread: 0,
    });
    const net = { hidden: [], activation: 'relu', residual: false } as const;
    const order = Array.from({ length: features }, (_, i) => i);
    const map = new Autoregressive({ context: 0, order, inputClip: null, net, transformer }, new Random(1));
    const bias = order.flatMap((i) => [...a![i]!.map(Math.log), ...b![i]!, ...logw![i]!]);
    map.variables.get('b0')!.assign(Float32Array.from(bias));
    expectParity(map, dsf!);
    expect(map.inverseCost).toBe('iterative');
  });
});
