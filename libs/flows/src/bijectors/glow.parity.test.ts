import { beforeAll, describe, it } from '@jest/globals';
import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';
import { expectParity } from '../testing/expect-parity.ts';
import { luFactorsFrom } from '../testing/lu-factors.ts';
import { biasFrom, kernelFrom, readParity } from '../testing/parity.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import { ActNorm } from './act-norm.ts';
import { Chain } from './chain.ts';
import { Coupling } from './coupling.ts';
import { LuLinear } from './lu-linear.ts';

beforeAll(() => initBackend('wasm'));

const step = readParity('nflows_glow_step');

describe('a Glow step against nflows', () => {
  (step === undefined ? it.skip : it)('ActNorm, LU map, coupling with a sigmoid scale', () => {
    const { weights, x } = step!;
    const features = x[0]!.length;
    const of = (name: string) => weights[`_transforms.${name}`];
    const conditioning = of('2.identity_features') as number[];
    const width = features - conditioning.length;
    const hidden = (of('2.transform_net.a.bias') as number[]).length;
    const actNorm = new ActNorm({ type: 'actNorm', features, initialized: true });
    actNorm.variables.get('logScale')!.assign(biasFrom(of('0.log_scale')));
    actNorm.variables.get('shift')!.assign(biasFrom(of('0.shift')));
    const lu = new LuLinear({ type: 'luLinear', features });
    lu.variables
      .get('factors')!
      .assign(luFactorsFrom(of('1.lower_entries'), of('1.upper_entries'), of('1.unconstrained_upper_diag')));
    lu.variables.get('shift')!.assign(biasFrom(of('1.bias')));
    const coupling = new Coupling(
      {
        features,
        context: 0,
        conditioning,
        inputClip: null,
        networks: { kind: 'shared', net: { hidden: [hidden], activation: 'relu', residual: false } },
        transformer: new AffineTransformer({ type: 'affine', scale: { kind: 'sigmoid' } }),
      },
      new Random(1),
    );
    // Our outputs are all raw scales, then all shifts; nflows' are all shifts, then all raw scales.
    const outputs = Array.from({ length: 2 * width }, (_, i) => (i + width) % (2 * width));
    coupling.variables.get('w0')!.assign(kernelFrom(of('2.transform_net.a.weight')));
    coupling.variables.get('b0')!.assign(biasFrom(of('2.transform_net.a.bias')));
    coupling.variables.get('w1')!.assign(kernelFrom(of('2.transform_net.b.weight'), outputs));
    coupling.variables.get('b1')!.assign(biasFrom(of('2.transform_net.b.bias'), outputs));
    expectParity(new Chain([actNorm, lu, coupling]), step!);
  });
});
