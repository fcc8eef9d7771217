import { emitDense } from './dense.ts';
import type { Shader } from './shader.ts';
import { emitGather } from './state.ts';
import type { LinearStep } from '../../plan/plan.ts';

/** Multiplies the dimensions of its reading by a matrix and writes them back. */
export const emitLinear = (shader: Shader, { read, weights, bias }: LinearStep): void => {
  const width = bias.length;
  const [input, output] = [shader.take(width), shader.take(width)];
  emitGather(shader, read, null, input);
  emitDense(shader, { inputs: width, outputs: width, weights, bias, activation: 'linear' }, input, output);
  shader.call(defineScatter(shader), shader.taps(read), width, output);
};

const defineScatter = (shader: Shader): string =>
  shader.define(
    'scatter',
    () => `fn scatter(taps: u32, count: u32, source: u32) {
  for (var i = lane; i < count; i += LANES) {
    let tapped = weights[taps + i];
    store(u32(tapped.x), load(source + i) * observed(tapped.w));
  }
}`,
  );
