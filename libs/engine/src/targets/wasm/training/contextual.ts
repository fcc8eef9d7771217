import { at } from '@flowline/events';

import type { TrainingEmission } from './emission.ts';
import { prepareNetwork } from './network.ts';
import type { AdjointBlocks } from './network.ts';
import { overPanels } from './panel.ts';
import { maskOf, squashedContext } from './panel-blocks.ts';
import type { PanelBlocks } from './panel-blocks.ts';
import type { TrainedStep } from './transform.ts';
import { f32x4, i32, v128 } from '../assembly/expression.ts';
import type { Local } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { rowLanes } from '../lanes.ts';
import type { Lanes } from '../lanes.ts';
import { PANEL_BYTES, VECTOR_BYTES } from '../layout.ts';
import { forwardOps, trainingOps } from '../ops.ts';
import type { ContextualStep } from '../../../plan/plan.ts';
import { partWidths } from '../../../steps/contextual-map.ts';
import { contextualMap } from '../../../steps/contextual.ts';

/** Prepares a map of all dimensions whose parameters depend only on the context. */
export const prepareContextual = (
  emission: TrainingEmission,
  blocks: PanelBlocks,
  step: ContextualStep,
  adjoints: AdjointBlocks,
): TrainedStep => {
  const { plan, panel } = emission;
  const network = prepareNetwork(emission, step.network, 0, squashedContext(blocks, null), adjoints);
  const map = contextualMap(step);
  const parts = (start: number): readonly number[] => {
    let next = start;
    return partWidths(map, plan.features).map((width) => (next += width * PANEL_BYTES) - width * PANEL_BYTES);
  };
  const saves = panel.allocate(plan.features);
  const own = { parts: parts(at(network.outputs, 0)), saves };
  const adjointParts = parts(at(network.outputAdjoints, 0));
  return {
    forward: (pass) => {
      network.forward(pass);
      const kernel = defineOverLanes(emission, blocks, `${map.key} ${own.parts.join()}`, (lanes) => {
        map.forward(forwardOps(emission, lanes, step.read, own));
      });
      pass.f.call(kernel, pass.tile, pass.panels);
    },
    backward: (pass) => {
      const kernel = defineOverLanes(emission, blocks, `pullBack ${map.key} ${own.parts.join()}`, (lanes) => {
        const options = { adjoint: blocks.adjoint, parts: adjointParts, score: blocks.weight };
        map.pullBack(trainingOps(emission, lanes, step.read, own, options));
      });
      pass.f.call(kernel, pass.tile, pass.panels);
      network.backward(pass);
    },
  };
};

/** Function over the vectors of panels. Parameters: the first panel, the panels. */
const defineOverLanes = (
  emission: TrainingEmission,
  blocks: PanelBlocks,
  key: string,
  body: (lanes: Lanes) => void,
): FunctionReference =>
  emission.module.define(key, 2, (f) => {
    const tile = f.let(f.parameter(0));
    const offset = f.local('i32');
    overPanels(f, f.parameter(1), emission.panel.size, [tile], () => {
      const end = f.let(i32.add(tile, i32.constant(PANEL_BYTES)));
      f.set(offset, tile);
      f.doWhile(
        () => {
          body(panelLanes(emission, f, blocks, offset));
          f.advance(offset, VECTOR_BYTES);
        },
        () => i32.ltU(offset, end),
      );
    });
  });

/** Lanes of a panel. Blocks are offsets in it. */
const panelLanes = (emission: TrainingEmission, f: FunctionBuilder, blocks: PanelBlocks, offset: Local<'i32'>): Lanes =>
  rowLanes(emission, f, offset, {
    stride: PANEL_BYTES,
    state: blocks.state,
    logDet: blocks.logProb,
    observed: (dimension, from) => {
      const mask = maskOf(emission, blocks, dimension);
      return mask === null ? f32x4.constant(1) : v128.load(from, mask);
    },
  });
