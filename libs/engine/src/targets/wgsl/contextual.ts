import { nameOf } from './formula.ts';
import { emitNetwork } from './network.ts';
import { stepTexts } from './ops.ts';
import type { Shader } from './shader.ts';
import { emitGatherContext } from './state.ts';
import type { ContextualStep } from '../../plan/plan.ts';
import { contextualMap } from '../../steps/contextual.ts';

/** Emits a map whose parameters depend only on the context, as two kernels. */
export const emitContextual = (shader: Shader, step: ContextualStep): void => {
  const { network, read } = step;
  const map = contextualMap(step);
  const context = shader.take(network.inputs);
  emitGatherContext(shader, null, context);
  const parameters = emitNetwork(shader, network, context);
  const { measure, move, kept } = stepTexts(shader, partSlots(map.parts), map.forward);
  const measured = shader.take(kept);
  const taps = shader.taps(read);
  const [measureName, moveName] = [nameOf(`measure${map.key}`), nameOf(`move${map.key}`)];
  shader.define(
    measureName,
    () => `fn ${measureName}(taps: u32, parameters: u32, goal: u32) {
  if (lane > 0u) { return; }
  ${measure}
}`,
  );
  shader.define(
    moveName,
    () => `fn ${moveName}(taps: u32, parameters: u32, measured: u32) {
  for (var i = lane; i < FEATURES; i += LANES) {
    let tapped = weights[taps + i];
    ${move}
  }
}`,
  );
  shader.call(measureName, taps, parameters, measured);
  shader.call(moveName, taps, parameters, measured);
};

/** Expressions of where each part begins: the parts lie side by side. */
const partSlots = (parts: readonly ('vector' | 'scalar')[]): readonly string[] =>
  parts.map((_, part) => {
    const vectors = parts.slice(0, part).filter((kind) => kind === 'vector').length;
    const scalars = part - vectors;
    return ['parameters', ...times(vectors, 'FEATURES'), ...(scalars > 0 ? [`${scalars}u`] : [])].join(' + ');
  });

const times = (count: number, of: string): readonly string[] =>
  count > 1 ? [`${count}u * ${of}`] : count === 1 ? [of] : [];
