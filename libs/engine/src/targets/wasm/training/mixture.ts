import { at } from '@flowline/events';

import { acrossRows } from './dense-gradient.ts';
import type { TrainingEmission } from './emission.ts';
import { overPanels } from './panel.ts';
import type { PanelBlocks } from './panel-blocks.ts';
import { gradient, parameter } from './pass.ts';
import type { Emit, Pass } from './pass.ts';
import { f32, f32x4, i32, v128 } from '../assembly/expression.ts';
import type { I32, Local, V128 } from '../assembly/expression.ts';
import type { FunctionBuilder } from '../assembly/function-builder.ts';
import { PANEL_BYTES, VECTOR_BYTES } from '../layout.ts';

const FLOAT_BYTES = 4;

/** Components of a mixture over panels. */
export interface TrainedMixture {
  readonly components: number;
  /** Quantity of a component: its log-density with its logit, then its share, then its weight. */
  readonly densities: (component: number) => number;
  /** Begins the densities with the logits. */
  readonly begin: Emit;
  /** Adds log Σ e^density − log Σ e^logit to log p, and leaves the shares. */
  readonly finish: Emit;
  /** Multiplies the shares by the rows' weights, and adds the gradient of the logits. */
  readonly weigh: Emit;
}

/** Prepares a mixture, from the places of its logits. */
export const prepareMixture = (
  emission: TrainingEmission,
  blocks: PanelBlocks,
  places: Float64Array,
): TrainedMixture => {
  const components = places.length;
  const logits = emission.parameters.vector(places);
  const block = emission.panel.allocate(components);
  const each = Array.from({ length: components }, (_, k) => k);
  const over = (
    pass: Pass,
    name: string,
    body: (f: FunctionBuilder, row: Local<'i32'>, own: MixtureRow) => void,
  ): void =>
    callOverRows(emission, pass, name, logits, (f, row) => {
      const logit = (k: number): V128 => v128.loadSplat(f.parameter(2), k * FLOAT_BYTES);
      const density = (k: number): V128 => v128.load(row, block + k * PANEL_BYTES);
      const set = (k: number, value: V128): void => f.store(row, value, block + k * PANEL_BYTES);
      body(f, row, { logit, density, set });
    });
  return {
    components,
    densities: (k) => block + k * PANEL_BYTES,
    begin: (pass) => over(pass, 'mixtureBegin', (_f, _row, { logit, set }) => each.forEach((k) => set(k, logit(k)))),
    finish: (pass) =>
      over(pass, 'mixtureFinish', (f, row, { logit, density, set }) => {
        const total = logSumExp(f, emission, each.map(density));
        const normalizer = logSumExp(f, emission, each.map(logit));
        each.forEach((k) => set(k, emission.math.exp(f, f32x4.sub(density(k), total))));
        const sum = f32x4.add(v128.load(row, blocks.logProb), f32x4.sub(total, normalizer));
        f.store(row, sum, blocks.logProb);
      }),
    weigh: (pass) => {
      over(pass, 'mixtureWeigh', (f, row, { density, set }) => {
        const weight = f.let(v128.load(row, blocks.weight));
        each.forEach((k) => set(k, f32x4.mul(density(k), weight)));
      });
      writeLogitGradient(emission, pass, blocks, { logits, block, components });
    },
  };
};

interface MixtureRow {
  readonly logit: (k: number) => V128;
  readonly density: (k: number) => V128;
  readonly set: (k: number, value: V128) => void;
}

/** log Σ e^term, kept in a local. */
const logSumExp = (f: FunctionBuilder, { math }: TrainingEmission, terms: readonly V128[]): Local<'v128'> => {
  const kept = terms.map((term) => f.let(term));
  const largest = f.let(kept.reduce<V128>((most, term) => f32x4.pmax(most, term), at(kept, 0)));
  const total = f.let(f32x4.constant(0));
  for (const term of kept) f.set(total, f32x4.add(total, math.exp(f, f32x4.sub(term, largest))));
  return f.let(f32x4.add(largest, math.log(f, total)));
};

/** Calls a function over the vectors of panels. Parameters: first panel, panels, logits. */
const callOverRows = (
  { module, panel }: TrainingEmission,
  pass: Pass,
  name: string,
  logits: number,
  body: (f: FunctionBuilder, row: Local<'i32'>) => void,
): void => {
  const kernel = module.define(name, 3, (f) => {
    const row = f.let(f.parameter(0));
    overPanels(f, f.parameter(1), panel.size - PANEL_BYTES, [row], () => {
      const end = f.let(i32.add(row, i32.constant(PANEL_BYTES)));
      f.doWhile(
        () => {
          body(f, row);
          f.advance(row, VECTOR_BYTES);
        },
        () => i32.ltU(row, end),
      );
    });
  });
  pass.f.call(kernel, pass.tile, pass.panels, parameter(pass, logits));
};

/** d logit_k += Σ over the rows of weight·(share_k − softmax_k). */
const writeLogitGradient = (
  emission: TrainingEmission,
  pass: Pass,
  blocks: PanelBlocks,
  { logits, block, components }: { readonly logits: number; readonly block: number; readonly components: number },
): void => {
  const { module, panel, math } = emission;
  const kernel = module.define('mixtureLogits', 4, (f) => {
    const each = Array.from({ length: components }, (_, k) => k);
    const logit = (k: number): V128 => v128.loadSplat(f.parameter(2), k * FLOAT_BYTES);
    const normalizer = logSumExp(f, emission, each.map(logit));
    const zero = f32x4.constant(0);
    for (const k of each) {
      const softmax = f.let(math.exp(f, f32x4.sub(logit(k), normalizer)));
      const sum = f.let(zero);
      const row = f.let(f.parameter(0));
      overPanels(f, f.parameter(1), panel.size, [row], () => {
        for (let v = 0; v < PANEL_BYTES; v += VECTOR_BYTES) {
          const expected = f32x4.mul(v128.load(row, blocks.weight + v), softmax);
          f.set(sum, f32x4.add(sum, f32x4.sub(v128.load(row, block + k * PANEL_BYTES + v), expected)));
        }
      });
      const total = f32x4.extract(acrossRows(f, [sum, zero, zero, zero]), 0);
      const to: I32 = i32.add(f.parameter(3), i32.constant(k * FLOAT_BYTES));
      f.storeFloat(to, f32.add(f32.load(to), total));
    }
  });
  pass.f.call(kernel, pass.tile, pass.panels, parameter(pass, logits), gradient(pass, logits));
};
