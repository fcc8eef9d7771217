import { at } from '@flowline/events';
import { nameFor, writeFormula } from './formula.ts';
import { emitNetwork } from './network.ts';
import { emitGather, emitGatherContext, tap } from './state.ts';
import type { Shader } from './shader.ts';
import type { TransformStep, Transformer } from '../../plan/plan.ts';
import { transformFormulas } from '../../steps/transform.ts';

/**
 * Gathers the network's input, runs the network, and maps each transformed dimension with its own
 * parameters.
 */
export const emitTransform = (shader: Shader, step: TransformStep): void => {
  const { conditioning, transformed, inputClip, network } = step;
  const input = shader.take(network.inputs);
  emitGather(shader, conditioning, inputClip, input);
  emitGatherContext(shader, inputClip, input + conditioning.dimensions.length);
  const parameters = emitNetwork(shader, network, input);
  const kernel = defineTransformer(shader, step.transformer);
  shader.call(kernel, shader.taps(transformed), transformed.dimensions.length, parameters);
};

const defineTransformer = (shader: Shader, transformer: Transformer): string => {
  const name = nameFor('transform', transformer);
  return shader.define(name, () => {
    const formula = writeFormula(shader, transformFormulas(transformer).forward, (index) =>
      index === 0 ? `${tap(shader)}(tapped)` : `load(parameters + ${index - 1}u * count + i)`,
    );
    return `fn ${name}(taps: u32, count: u32, parameters: u32) {
  for (var i = lane; i < count; i += LANES) {
    let tapped = weights[taps + i];
    ${formula.statements}
    let present = observed(tapped.w) > vec4f(0.5f);
    logDet += select(vec4f(0.0f), ${at(formula.results, 1)}, present);
    store(u32(tapped.x), select(vec4f(0.0f), ${at(formula.results, 0)}, present));
  }
}`;
  });
};
