import { squash } from './activation.ts';
import { nameFor } from './formula.ts';
import type { Shader, Slot } from './shader.ts';
import type { Reading } from '../../plan/plan.ts';

/** scale·state + shift·observed of a tap: (dimension, scale, shift, presence column or −1). */
export const tap = (shader: Shader): string =>
  shader.define(
    'tap',
    () =>
      `fn tap(entry: vec4f) -> vec4f { return fma(load(u32(entry.x)), vec4f(entry.y), observed(entry.w) * entry.z); }`,
  );

/** Copies a reading of the state, squashed, to adjacent values. */
export const emitGather = (shader: Shader, reading: Reading, clip: number | null, target: Slot): void => {
  const count = reading.dimensions.length;
  if (count === 0) return;
  const name = nameFor('gather', clip);
  const kernel = shader.define(
    name,
    () => `fn ${name}(taps: u32, count: u32, goal: u32) {
  for (var i = lane; i < count; i += LANES) {
    let v = ${tap(shader)}(weights[taps + i]);
    store(goal + i, ${squash(shader, clip, 'v')});
  }
}`,
  );
  shader.call(kernel, shader.taps(reading), count, target);
};

/** Copies the context, squashed. */
export const emitGatherContext = (shader: Shader, clip: number | null, target: Slot): void => {
  if (shader.plan.context === 0) return;
  const name = nameFor('gatherContext', clip);
  const kernel = shader.define(
    name,
    () => `fn ${name}(goal: u32) {
  for (var i = lane; i < CONTEXT; i += LANES) {
    let c = load(CONTEXT_AT + i);
    store(goal + i, ${squash(shader, clip, 'c')});
  }
}`,
  );
  shader.call(kernel, target);
};
