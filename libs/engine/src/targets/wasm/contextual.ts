import { inputEndOf } from './emission.ts';
import type { Emission } from './emission.ts';
import { singleLanes, tileLanes } from './lanes.ts';
import { STRIDE } from './layout.ts';
import { prepareNetworkSingle } from './network-single.ts';
import type { SingleBuffers } from './network-single.ts';
import { prepareNetworkTile } from './network-tile.ts';
import type { ValueSlots } from './network-tile.ts';
import { forwardOps, reverseOps } from './ops.ts';
import { overTile } from './rows-tile.ts';
import type { SingleMemory } from './single-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import type { ReversibleTile } from './transform-reverse.ts';
import type { SingleStep } from './transform-single.ts';
import type { ContextualStep } from '../../plan/plan.ts';
import { partWidths } from '../../steps/contextual-map.ts';
import { contextualMap } from '../../steps/contextual.ts';

/**
 * Prepares a contextual map over a tile, and its reverse pass if `adjoint`, the block of
 * ∂ log p / ∂state, is given.
 */
export const prepareContextualTile = (
  emission: Emission,
  memory: TileMemory,
  step: ContextualStep,
  slots: ValueSlots,
  adjoint: number | null = null,
): ReversibleTile => {
  const network = prepareNetworkTile(emission, step.network, inputEndOf(memory.inputEnds, null), slots, memory.list);
  const map = contextualMap(step);
  let next = network.output;
  const parts = partWidths(map, emission.plan.features).map((width) => {
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
        (offset) => {
          map.forward(forwardOps(emission, tileLanes(emission, f, memory, offset), step.read, { parts, saves }));
        },
        panelBytes,
      );
    },
    reverse: (f, panelBytes) => {
      if (saves === null || adjoint === null) return;
      overTile(
        f,
        (offset) => {
          const lanes = tileLanes(emission, f, memory, offset);
          map.reverse(reverseOps(emission, lanes, step.read, { parts, saves }, adjoint));
        },
        panelBytes,
      );
    },
  };
};

/** Prepares a contextual map of a single row. */
export const prepareContextualSingle = (
  emission: Emission,
  memory: SingleMemory,
  step: ContextualStep,
  buffers: SingleBuffers,
  widest: number,
): SingleStep => {
  const context = inputEndOf(memory.inputEnds, null);
  const map = contextualMap(step);
  const widths = partWidths(map, emission.plan.features);
  const network = prepareNetworkSingle(emission, step.network, 0, context, widths, buffers, widest);
  return (f) => {
    network.forward(f);
    const blocks = { parts: network.parts, saves: null };
    map.forward(forwardOps(emission, singleLanes(emission, f, memory), step.read, blocks));
  };
};
