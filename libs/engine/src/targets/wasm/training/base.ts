import { at } from '@flowline/events';

import { acrossRows } from './dense-gradient.ts';
import type { TrainingEmission } from './emission.ts';
import { overPanels } from './panel.ts';
import { maskOf } from './panel-blocks.ts';
import type { PanelBlocks } from './panel-blocks.ts';
import { gradient, parameter, quantity } from './pass.ts';
import type { Pass } from './pass.ts';
import { prepareMixture } from './mixture.ts';
import type { TrainedStep } from './transform.ts';
import { f32, f32x4, i32, v128 } from '../assembly/expression.ts';
import type { F32, I32, Local, V128 } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { writeFormulas } from '../formula.ts';
import { PANEL_BYTES, VECTOR_BYTES } from '../layout.ts';
import { baseFormula, baseTrainingFormulas } from '../../../steps/base.ts';

const FLOAT_BYTES = 4;

/** Prepares the density of the latents. Its backward pass begins the adjoints. */
export const prepareBase = (emission: TrainingEmission, blocks: PanelBlocks): TrainedStep => {
  const { base, features } = emission.plan;
  const isTrained = base.location.some((place) => place > 0);
  const location = isTrained ? emission.parameters.vector(base.location) : null;
  const logScale = isTrained ? emission.parameters.vector(base.logScale) : null;
  const mixture = base.type === 'gaussianMixture' ? prepareMixture(emission, blocks, base.logWeights) : null;
  const components = mixture?.components ?? 1;
  const calls = (body: (component: number, dimension: number, places: readonly number[]) => void): void => {
    for (let k = 0; k < components; k++) {
      for (let d = 0; d < features; d++) {
        const own = (k * features + d) * FLOAT_BYTES;
        body(k, d, location === null || logScale === null ? [] : [location + own, logScale + own]);
      }
    }
  };
  return {
    forward: (pass) => {
      mixture?.begin(pass);
      calls((k, d, places) =>
        writeDensity(emission, pass, blocks, { d, places, total: mixture?.densities(k) ?? blocks.logProb }),
      );
      mixture?.finish(pass);
    },
    backward: (pass) => {
      mixture?.weigh(pass);
      calls((k, d, places) => {
        writePullBack(emission, pass, blocks, { d, places, total: mixture?.densities(k) ?? blocks.weight }, k > 0);
      });
    },
  };
};

/** One dimension of a component, with the quantity of its density or of its weight. */
interface DensityTerm {
  readonly d: number;
  /** Offsets of location and logScale. None for the standard normal. */
  readonly places: readonly number[];
  readonly total: number;
}

/** First arguments of a kernel, up to the panels: see {@link defineDensity}. */
const operandsOf = (
  pass: Pass,
  blocks: PanelBlocks,
  { d, places, total }: DensityTerm,
  mask: number | null,
): readonly I32[] => [
  ...places.map((offset) => parameter(pass, offset)),
  quantity(pass, blocks.state + d * PANEL_BYTES),
  quantity(pass, total),
  ...(mask === null ? [] : [quantity(pass, mask)]),
  pass.panels,
];

const writeDensity = (emission: TrainingEmission, pass: Pass, blocks: PanelBlocks, term: DensityTerm): void => {
  const mask = maskOf(emission, blocks, term.d);
  const kernel = defineDensity(emission, mask !== null, term.places.length > 0);
  pass.f.call(kernel, ...operandsOf(pass, blocks, term, mask));
};

/** −½ log 2π of the normal bases, or the normalizer of Student's t. */
const normalizerOf = ({ plan: { base } }: TrainingEmission): number =>
  base.type === 'studentT' ? base.logNormalizer : -0.5 * Math.log(2 * Math.PI);

/**
 * Adds the log-density of one dimension. Parameters: location and logScale where they are trained,
 * z, the sum, the mask where there is one, panels.
 */
const defineDensity = (emission: TrainingEmission, masked: boolean, trained: boolean): FunctionReference =>
  emission.module.define(`density ${masked} ${trained}`, (trained ? 2 : 0) + (masked ? 3 : 2) + 1, (f) => {
    const { base } = emission.plan;
    const { logDensity } = baseFormula(base);
    overRows(f, emission, masked, trained, ({ y, logScale, total, mask }) => {
      const [density = y] = writeFormulas(f, emission.math, [logDensity], () => y);
      const normalized = f32x4.add(density, f32x4.sub(f32x4.constant(normalizerOf(emission)), logScale));
      f.store(total, f32x4.add(v128.load(total), mask === null ? normalized : f32x4.mul(normalized, mask)));
    });
  });

const writePullBack = (
  emission: TrainingEmission,
  pass: Pass,
  blocks: PanelBlocks,
  term: DensityTerm,
  accumulates: boolean,
): void => {
  const mask = maskOf(emission, blocks, term.d);
  const kernel = definePullBack(emission, mask !== null, term.places.length > 0, accumulates);
  pass.f.call(
    kernel,
    ...operandsOf(pass, blocks, term, mask),
    i32.constant(blocks.adjoint - blocks.state),
    ...term.places.map((offset) => gradient(pass, offset)),
  );
};

/**
 * ∂L/∂z, and the gradients of location and logScale. Further parameters: the distance from z to its
 * adjoint, and the addresses of the gradients.
 */
const definePullBack = (
  emission: TrainingEmission,
  masked: boolean,
  trained: boolean,
  accumulates: boolean,
): FunctionReference => {
  const before = (trained ? 2 : 0) + (masked ? 3 : 2) + 1;
  const key = `densityPullBack ${masked} ${trained} ${accumulates}`;
  return emission.module.define(key, before + 1 + (trained ? 2 : 0), (f) => {
    const { reverse } = baseTrainingFormulas(emission.plan.base);
    const sums = [0, 1].map(() => f.let(f32x4.constant(0)));
    overRows(f, emission, masked, trained, ({ y, shrink, total, mask, z }) => {
      const weight = v128.load(total);
      const inputs = [y, shrink, f.let(mask === null ? weight : f32x4.mul(weight, mask))];
      const [atZ = y, ...atParameters] = writeFormulas(f, emission.math, trained ? reverse : [reverse[0]], (i) =>
        at(inputs, i),
      );
      const to = f.let(i32.add(z, f.parameter(before)));
      f.store(to, accumulates ? f32x4.add(v128.load(to), atZ) : atZ);
      atParameters.forEach((value, i) => f.set(at(sums, i), f32x4.add(at(sums, i), value)));
    });
    if (!trained) return;
    const totals = f.let(acrossRows(f, [...sums, f32x4.constant(0), f32x4.constant(0)]));
    [0, 1].forEach((i) => addFloat(f, f.parameter(before + 1 + i), f32x4.extract(totals, i)));
  });
};

/** Adds a float to memory. */
const addFloat = (f: FunctionBuilder, address: I32, value: F32): void => {
  f.storeFloat(address, f32.add(f32.load(address), value));
};

interface RowVectors {
  readonly y: V128;
  readonly shrink: V128;
  readonly logScale: V128;
  readonly mask: V128 | null;
  /** Addresses. */
  readonly z: I32;
  readonly total: I32;
}

/** Emits a body for every vector of a dimension of z, with y = (z − location)·e^{−logScale}. */
const overRows = (
  f: FunctionBuilder,
  { math, panel }: TrainingEmission,
  masked: boolean,
  trained: boolean,
  body: (vectors: RowVectors) => void,
): void => {
  const first = trained ? 2 : 0;
  const location = f.let(trained ? v128.loadSplat(f.parameter(0)) : f32x4.constant(0));
  const logScale = f.let(trained ? v128.loadSplat(f.parameter(1)) : f32x4.constant(0));
  const shrink = f.let(trained ? math.exp(f, f32x4.neg(logScale)) : f32x4.constant(1));
  const pointers: Local<'i32'>[] = Array.from({ length: masked ? 3 : 2 }, (_, i) => f.let(f.parameter(first + i)));
  overPanels(f, f.parameter(first + pointers.length), panel.size - PANEL_BYTES, pointers, () => {
    const [z, total, maskAt] = [at(pointers, 0), at(pointers, 1), pointers[2]];
    const end = f.let(i32.add(z, i32.constant(PANEL_BYTES)));
    f.doWhile(
      () => {
        const mask = maskAt === undefined ? null : f.let(v128.load(maskAt));
        const value = f32x4.mul(f32x4.sub(v128.load(z), location), shrink);
        const y = f.let(mask === null ? value : f32x4.mul(value, mask));
        body({ y, shrink, logScale, mask, z, total });
        for (const pointer of pointers) f.advance(pointer, VECTOR_BYTES);
      },
      () => i32.ltU(z, end),
    );
  });
};
