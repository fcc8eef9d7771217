import { inputEndOf } from './emission.ts';
import type { Emission } from './emission.ts';
import type { Lanes } from './lanes.ts';
import { singleLanes, tileLanes } from './lanes.ts';
import { STRIDE } from './layout.ts';
import { prepareNetworkSingle } from './network-single.ts';
import type { SingleBuffers } from './network-single.ts';
import { prepareNetworkTile } from './network-tile.ts';
import type { ValueSlots } from './network-tile.ts';
import { writePlanar, writePlanarReverse } from './planar.ts';
import { writeRadial, writeRadialReverse } from './radial.ts';
import { overTile } from './rows-tile.ts';
import type { SingleMemory } from './single-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import type { ReversibleTile } from './transform-reverse.ts';
import type { SingleStep } from './transform-single.ts';
import type { PlanarStep, RadialStep } from '../../plan/plan.ts';

/** Map of all dimensions whose parameters depend only on the context. */
type ContextualStep = PlanarStep | RadialStep;

/**
 * Prepares a planar or radial map over a tile, and its reverse pass if `adjoint`, the block of
 * ∂ log p / ∂state, is given.
 */
export const prepareContextualTile = (
  emission: Emission,
  memory: TileMemory,
  step: ContextualStep,
  slots: ValueSlots,
  adjoint: number | null = null,
): ReversibleTile => {
  const network = prepareNetworkTile(emission, step.network, inputEndOf(memory.inputEnds, null), slots);
  let next = network.output;
  const parameters = partsOf(emission, step).map((width) => {
    const start = next;
    next += width * STRIDE;
    return start;
  });
  const saves = adjoint === null ? null : emission.layout.allocate(emission.plan.features * STRIDE);
  return {
    forward: (f, panelBytes) => {
      network.forward(f, panelBytes);
      overTile(
        f,
        (offset) => write(emission, tileLanes(emission, f, memory, offset), step, parameters, saves),
        panelBytes,
      );
    },
    reverse: (f, panelBytes) => {
      if (saves === null || adjoint === null) return;
      const back = (lanes: Lanes): void =>
        step.type === 'planar'
          ? writePlanarReverse(emission, lanes, step, parameters, saves, adjoint)
          : writeRadialReverse(emission, lanes, step, parameters, saves, adjoint);
      overTile(f, (offset) => back(tileLanes(emission, f, memory, offset)), panelBytes);
    },
  };
};

/** Prepares a planar or radial map of a single row. */
export const prepareContextualSingle = (
  emission: Emission,
  memory: SingleMemory,
  step: ContextualStep,
  buffers: SingleBuffers,
  widest: number,
): SingleStep => {
  const context = inputEndOf(memory.inputEnds, null);
  const parts = partsOf(emission, step);
  const network = prepareNetworkSingle(emission, step.network, 0, context, parts, buffers, widest);
  return (f) => {
    network.forward(f);
    write(emission, singleLanes(emission, f, memory), step, network.parts, null);
  };
};

const write = (
  emission: Emission,
  lanes: Lanes,
  step: ContextualStep,
  parameters: readonly number[],
  saves: number | null,
): void => {
  if (step.type === 'planar') writePlanar(emission, lanes, step, parameters, saves);
  else writeRadial(emission, lanes, step, parameters, saves);
};

/** Widths of a step's parameters, in the order of its network's outputs. */
export const partsOf = ({ plan }: Pick<Emission, 'plan'>, { type }: ContextualStep): readonly number[] =>
  type === 'planar' ? [plan.features, plan.features, 1] : [plan.features, 1, 1];
