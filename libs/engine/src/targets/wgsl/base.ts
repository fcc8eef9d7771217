import { at } from '@flowline/events';
import { nameOf, writeFormula } from './formula.ts';
import { exp, log } from './math.ts';
import { PANEL_ROWS } from './shader.ts';
import type { Shader } from './shader.ts';
import { tap } from './state.ts';
import type { Base } from '../../plan/plan.ts';
import { baseComponents, baseFormula, componentReading, knownConstant } from '../../steps/base.ts';

/**
 * Emits the sum of the base log-density of z and the steps' `logDet`, and writes the log-density of
 * each row.
 */
export const emitWriteScores = (shader: Shader): void => {
  const { plan } = shader;
  const components = baseComponents(plan);
  const { lanes } = shader.shape;
  const sums = shader.take((components.length + 1) * lanes);
  const always: [number, number, number, number][] = [];
  const add = defineAdd(shader, plan.base);
  components.forEach((component, k) => {
    const taps = shader.taps(componentReading(plan, component));
    always.push([knownConstant(plan, component), 0, 0, 0]);
    const known = (d: number): boolean => plan.presence[d] === null;
    const constants = shader.place(Array.from(component.constants, (value, d) => [known(d) ? 0 : value, 0, 0, 0]));
    shader.call(add, taps, constants, sums + k * lanes);
  });
  shader.call(defineKeep(shader), sums + components.length * lanes);
  shader.call(defineWrite(shader), sums, components.length, shader.place(always));
};

/** Kernel that sums the log-density of a component over the dimensions of an invocation. */
const defineAdd = (shader: Shader, base: Base): string => {
  const { logDensity, key } = baseFormula(base);
  const name = nameOf(`add${key}`);
  return shader.define(name, () => {
    const formula = writeFormula(shader, [logDensity], () => `${tap(shader)}(tapped)`);
    return `fn ${name}(taps: u32, constants: u32, goal: u32) {
  var total = vec4f(0.0f);
  for (var i = lane; i < FEATURES; i += LANES) {
    let tapped = weights[taps + i];
    ${formula.statements}
    total += ${at(formula.results, 0)} + observed(tapped.w) * weights[constants + i].x;
  }
  store(goal + lane, total);
}`;
  });
};

const defineKeep = (shader: Shader): string =>
  shader.define('keepLogDet', () => `fn keepLogDet(goal: u32) { store(goal + lane, logDet); }`);

/** log Σ_k e^{c_k}, where c_k is the sum of a component over the lanes. −∞ if every c_k is. */
const defineWrite = (shader: Shader): string =>
  shader.define(
    'writeScores',
    () => `fn sumOfLanes(slot: u32) -> vec4f {
  var total = vec4f(0.0f);
  for (var i = 0u; i < LANES; i++) { total += load(slot + i); }
  return total;
}
fn writeScores(sums: u32, components: u32, constants: u32) {
  if (lane > 0u) { return; }
  var total = sumOfLanes(sums) + weights[constants].x;
  for (var k = 1u; k < components; k++) {
    let next = sumOfLanes(sums + k * LANES) + weights[constants + k].x;
    let largest = max(total, next);
    let gap = abs(total - next);
    // Two that are both −∞ have no gap.
    total = select(largest, largest + ${log(shader)}(1.0f + ${exp(shader)}(-gap)), gap < vec4f(80.0f));
  }
  total += sumOfLanes(sums + components * LANES);
  for (var r = 0u; r < ${PANEL_ROWS}u; r++) {
    if (firstRow + r < job.rows) { results[firstRow + r] = total[r]; }
  }
}`,
  );
