import { at } from '@flowline/events';
import { activate } from './activation.ts';
import { emitDense } from './dense.ts';
import type { Shader, Slot } from './shader.ts';
import { sourcesOf, valueWidths } from '../../plan/plan.ts';
import type { Activation, Network } from '../../plan/plan.ts';

/**
 * Computes a network on the input at `input`, and returns the slot of its outputs, side by side.
 * Its memory stays taken.
 */
export const emitNetwork = (shader: Shader, network: Network, input: Slot): Slot => {
  const { slots, output } = assignSlots(shader, network, input);
  network.layers.forEach((layer, index) => {
    const target = at(slots, index + 1);
    const sources = sourcesOf(layer).map((value) => at(slots, value));
    const source = at(sources, 0);
    const width = at(valueWidths(network), index + 1);
    switch (layer.type) {
      case 'dense':
        emitDense(shader, layer, source, target);
        break;
      case 'activation':
        shader.call(defineActivation(shader, layer.activation), source, target, width);
        break;
      case 'sum':
        shader.call(defineSum(shader), source, at(sources, 1), target, width);
        break;
    }
  });
  return output;
};

/**
 * Assigns a slot to each value. The outputs lie side by side; the others reuse the slots of values
 * that no later layer reads.
 */
const assignSlots = (shader: Shader, network: Network, input: Slot): { slots: readonly Slot[]; output: Slot } => {
  const widths = valueWidths(network);
  const width = (value: number): number => at(widths, value);
  const output = shader.take(network.outputs.reduce((total, value) => total + width(value), 0));
  const slots: Slot[] = [input];
  let end = output;
  const outputSlots = new Map<number, Slot>();
  for (const value of network.outputs) {
    outputSlots.set(value, end);
    end += width(value);
  }
  const lastUse = (value: number): number =>
    network.layers.findLastIndex((layer) => sourcesOf(layer).includes(value)) + 1;
  /** Taken regions that are no longer read, by slot and width. */
  let free: { slot: Slot; width: number }[] = [];
  network.layers.forEach((layer, index) => {
    const value = index + 1;
    const place = outputSlots.get(value);
    if (place === undefined) {
      const fitting = free.find((region) => region.width >= width(value));
      free = free.filter((region) => region !== fitting);
      slots.push(fitting?.slot ?? shader.take(width(value)));
    } else {
      slots.push(place);
    }
    for (const used of new Set(sourcesOf(layer))) {
      if (used > 0 && !outputSlots.has(used) && lastUse(used) === value) {
        free.push({ slot: at(slots, used), width: width(used) });
      }
    }
  });
  return { slots, output };
};

const defineActivation = (shader: Shader, activation: Activation): string =>
  shader.define(
    `activate_${activation}`,
    () => `fn activate_${activation}(source: u32, goal: u32, width: u32) {
  for (var i = lane; i < width; i += LANES) {
    let x = load(source + i);
    store(goal + i, ${activate(shader, activation, 'x')});
  }
}`,
  );

const defineSum = (shader: Shader): string =>
  shader.define(
    'sum',
    () => `fn sum(source: u32, other: u32, goal: u32, width: u32) {
  for (var i = lane; i < width; i += LANES) { store(goal + i, load(source + i) + load(other + i)); }
}`,
  );
