import { writeFormula } from './formula.ts';
import { emitNetwork } from './network.ts';
import type { Shader } from './shader.ts';
import { emitGatherContext, tap } from './state.ts';
import { radialFormula } from '../../formula/radial.ts';
import type { RadialStep } from '../../plan/plan.ts';

/**
 * Emits the distance from the centre by one invocation per panel, then the update of every
 * dimension.
 */
export const emitRadial = (shader: Shader, { read, network }: RadialStep): void => {
  const context = shader.take(network.inputs);
  emitGatherContext(shader, null, context);
  const parameters = emitNetwork(shader, network, context);
  const measured = shader.take(1);
  const taps = shader.taps(read);
  shader.call(defineMeasure(shader), taps, parameters, measured);
  shader.call(defineMove(shader), taps, parameters, measured);
};

const defineMeasure = (shader: Shader): string =>
  shader.define('measureRadial', () => {
    const { q, logDet } = radialFormula();
    const inputs = ['square', 'load(parameters + FEATURES)', 'load(parameters + FEATURES + 1u)', 'dimensions'];
    const formula = writeFormula(shader, [q, logDet], (index) => inputs[index] ?? '');
    return `fn measureRadial(taps: u32, parameters: u32, goal: u32) {
  if (lane > 0u) { return; }
  var square = vec4f(0.0f);
  var dimensions = vec4f(0.0f);
  for (var i = 0u; i < FEATURES; i++) {
    let tapped = weights[taps + i];
    let present = observed(tapped.w);
    let offset = (${tap(shader)}(tapped) - load(parameters + i)) * present;
    square = fma(offset, offset, square);
    dimensions += present;
  }
  ${formula.statements}
  store(goal, ${formula.results[0] ?? ''});
  logDet += ${formula.results[1] ?? ''};
}`;
  });

const defineMove = (shader: Shader): string =>
  shader.define(
    'moveRadial',
    () => `fn moveRadial(taps: u32, parameters: u32, measured: u32) {
  for (var i = lane; i < FEATURES; i += LANES) {
    let tapped = weights[taps + i];
    let x = ${tap(shader)}(tapped);
    store(u32(tapped.x), fma(load(measured), (x - load(parameters + i)) * observed(tapped.w), x));
  }
}`,
  );
