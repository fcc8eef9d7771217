import { beforeAll, describe, expect, it } from '@jest/globals';

import { initBackend } from '../backend.ts';
import * as flows from '../index.ts';

beforeAll(() => initBackend('wasm'));

const { Random } = flows;
/** Every public constructor with valid arguments, options first. */
const constructors: readonly [
  name: string,
  make: (...args: never[]) => unknown,
  options: object,
  rest?: () => unknown[],
][] = [
  ...(['realNVP', 'glow', 'maf', 'iaf', 'naf', 'planar', 'radial', 'neuralSpline'] as const).map(
    (name): [string, (options: never) => unknown, object] => [name, flows[name], { features: 2, layers: 1, seed: 1 }],
  ),
  ['multiScale', flows.multiScale, { height: 2, width: 2, channels: 1, seed: 1 }],
  ['actNorm', (each: never) => new flows.ActNorm(each), { type: 'actNorm', features: 2, initialized: false }],
  ['elementWiseAffine', (each: never) => new flows.ElementWiseAffine(each), { type: 'elementWiseAffine', features: 2 }],
  ['luLinear', (each: never) => new flows.LuLinear(each), { type: 'luLinear', features: 2 }],
  ['permutation', (each: never) => new flows.Permutation(each), { type: 'permutation', order: [1, 0] }],
  ['pixelLogit', (each: never) => new flows.PixelLogit(each), { type: 'pixelLogit', values: 2, margin: 0.1 }],
  ['squeeze', (each: never) => new flows.Squeeze(each), { type: 'squeeze', height: 2, width: 2, channels: 1 }],
  ['diagonalNormal', (each: never) => new flows.DiagonalNormal(each), { type: 'diagonalNormal', features: 2 }],
  ['studentT', (each: never) => new flows.StudentT(each), { type: 'studentT', features: 2, degreesOfFreedom: 3 }],
  [
    'gaussianMixture',
    (each: never, random: never) => new flows.GaussianMixture(each, random),
    { type: 'gaussianMixture', features: 2, components: 2 },
    () => [new Random(1)],
  ],
  [
    'planar',
    (each: never, random: never) => new flows.Planar(each, random),
    {
      type: 'planar',
      features: 2,
      context: 0,
      leastSlope: 0,
      net: { hidden: [], activation: 'relu', residual: false },
    },
    () => [new Random(1)],
  ],
  [
    'made',
    (each: never, random: never) => new flows.Made(each, random),
    { order: [0, 1], context: 0, outputsPerFeature: 1, net: { hidden: [4], activation: 'relu', residual: false } },
    () => [new Random(1)],
  ],
];

describe.each(constructors)('%s', (name, make, options, rest = () => []) => {
  const made = (changed: unknown) => () => make(...([changed, ...rest()] as never[]));
  const usage = (fields: object) => expect.objectContaining({ name: 'FlowError', code: 'FLOWLINE_USAGE', ...fields });

  it('takes its options, and refuses one that it does not know with the name that was meant', () => {
    expect(made(options)).not.toThrow();
    const [known = ''] = Object.keys(options);
    expect(made({ ...options, [`${known}s`]: 1 })).toThrow(
      usage({ where: `${name}.${known}s`, remedy: `Did you mean '${known}'?` }),
    );
    expect(made({ ...options, zzzzzzzz: 1 })).toThrow(
      usage({ remedy: expect.stringMatching(/^The options are .*\w\.$/) }),
    );
  });

  it('refuses options that are missing or of another kind, by name', () => {
    for (const missing of [undefined, null, 7, []]) expect(made(missing)).toThrow(usage({ where: name }));
    const optional = 'layers' in options ? ['layers'] : [];
    for (const key of Object.keys(options)) {
      const where = `${name}.${key}`;
      expect(made({ ...options, [key]: () => 0 })).toThrow(
        usage({ where, message: expect.stringContaining('found a function') }),
      );
      if (optional.includes(key)) expect(made({ ...options, [key]: undefined })).not.toThrow();
      else
        expect(made({ ...options, [key]: undefined })).toThrow(
          usage({ where, message: expect.stringContaining('nothing') }),
        );
    }
  });
});

it.each<[string, () => unknown, string]>([
  ['a fraction of a feature', () => flows.realNVP({ features: 2.5, seed: 1 }), 'realNVP.features'],
  ['layers below 0', () => flows.maf({ features: 2, layers: -1, seed: 1 }), 'maf.layers'],
  ['a hidden layer without units', () => flows.glow({ features: 2, hidden: [8, 0], seed: 1 }), 'glow.hidden'],
  ['an unknown activation', () => flows.naf({ features: 2, activation: 'swish' as never, seed: 1 }), 'naf.activation'],
  ['a bound of 0', () => flows.realNVP({ features: 2, scaleBound: 0, seed: 1 }), 'realNVP.scaleBound'],
  ['bins beyond the most', () => flows.neuralSpline({ features: 2, bins: 1000, seed: 1 }), 'neuralSpline.bins'],
  ['a slope of 1', () => flows.planar({ features: 2, leastSlope: 1, seed: 1 }), 'planar.leastSlope'],
  ['a seed that is none', () => flows.radial({ features: 2, seed: Number.NaN }), 'radial.seed'],
  ['a base of another width', () => flows.maf({ features: 2, base: new flows.StandardNormal(3), seed: 1 }), 'maf.base'],
  ['a base that is none', () => flows.maf({ features: 2, base: {} as never, seed: 1 }), 'maf.base'],
  ['an unknown partition', () => flows.partition('thirds' as never, 2, 1, new Random(1)), 'partition.scheme'],
  ['no bijectors', () => new flows.Chain(undefined as never), 'chain.parts'],
  ['a bijector that is none', () => new flows.Inverted({} as never), 'inverted.bijector'],
  ['a flow of nothing', () => new flows.Flow(undefined as never), 'Flow'],
  ['samples without a number', () => flow().sample(undefined as never, { seed: 1 }), 'sample.n'],
  ['samples without options', () => flow().sampleRows(1, undefined as never), 'sample'],
  ['saving of nothing', () => flows.saveFlow(undefined as never), 'saveFlow.flow'],
  ['a parameter of another size', () => new flows.Parameter([2], new Float32Array(3)), 'Parameter.values'],
])('refuses %s', (_name, act, where) => {
  expect(act).toThrow(
    expect.objectContaining({
      code: 'FLOWLINE_USAGE',
      where,
      message: expect.stringContaining(where),
      remedy: expect.any(String),
    }),
  );
});

const flow = () => flows.realNVP({ features: 2, layers: 1, hidden: [4], seed: 1 });
