import { nameFor, writeFormula } from './formula.ts';
import { emitNetwork } from './network.ts';
import type { Shader } from './shader.ts';
import { emitGatherContext, tap } from './state.ts';
import { planarFormula } from '../../formula/planar.ts';
import type { PlanarStep } from '../../plan/plan.ts';

/** Emits three dot products by one invocation per panel, then the update of every dimension. */
export const emitPlanar = (shader: Shader, { read, leastSlope, network }: PlanarStep): void => {
  const context = shader.take(network.inputs);
  emitGatherContext(shader, null, context);
  const parameters = emitNetwork(shader, network, context);
  const measured = shader.take(2);
  const taps = shader.taps(read);
  shader.call(defineMeasure(shader, leastSlope), taps, parameters, measured);
  shader.call(defineMove(shader), taps, parameters, measured);
};

const defineMeasure = (shader: Shader, leastSlope: number): string => {
  const name = nameFor('measurePlanar', leastSlope);
  return shader.define(name, () => {
    const { correction, tanh, logDet } = planarFormula(leastSlope);
    const inputs = ['wu', 'ww', 'wx + load(parameters + 2u * FEATURES)'];
    const formula = writeFormula(shader, [correction, tanh, logDet], (index) => inputs[index] ?? '');
    return `fn ${name}(taps: u32, parameters: u32, goal: u32) {
  if (lane > 0u) { return; }
  var wu = vec4f(0.0f);
  var ww = vec4f(0.0f);
  var wx = vec4f(0.0f);
  for (var i = 0u; i < FEATURES; i++) {
    let tapped = weights[taps + i];
    let w = load(parameters + i) * observed(tapped.w);
    wu = fma(w, load(parameters + FEATURES + i), wu);
    ww = fma(w, w, ww);
    wx = fma(w, ${tap(shader)}(tapped), wx);
  }
  ${formula.statements}
  store(goal, ${formula.results[0] ?? ''});
  store(goal + 1u, ${formula.results[1] ?? ''});
  logDet += ${formula.results[2] ?? ''};
}`;
  });
};

const defineMove = (shader: Shader): string =>
  shader.define(
    'movePlanar',
    () => `fn movePlanar(taps: u32, parameters: u32, measured: u32) {
  for (var i = lane; i < FEATURES; i += LANES) {
    let tapped = weights[taps + i];
    let u = fma(load(measured), load(parameters + i), load(parameters + FEATURES + i)) * observed(tapped.w);
    store(u32(tapped.x), fma(u, load(measured + 1u), ${tap(shader)}(tapped)));
  }
}`,
  );
