import { at } from '@flowline/events';
import { PANEL_ROWS } from './shader.ts';
import type { Shader } from './shader.ts';
import { tap } from './state.ts';

/**
 * Reads the rows of the workgroup into memory, transposed, with 0 where not observed. Rows beyond
 * the last are 0.
 */
export const emitRead = (shader: Shader): void => {
  const { plan } = shader;
  const width = plan.features + plan.context;
  const column = shader.define(
    'column',
    () => `fn column(index: u32) -> vec4f {
  var values = vec4f(0.0f);
  for (var i = 0u; i < ${PANEL_ROWS}u; i++) {
    if (firstRow + i < job.rows) { values[i] = rows[(firstRow + i) * ${width}u + index]; }
  }
  return values;
}`,
  );
  if (plan.context > 0) {
    const readContext = shader.define(
      'readContext',
      () => `fn readContext() {
  for (var i = lane; i < CONTEXT; i += LANES) { store(CONTEXT_AT + i, ${column}(FEATURES + i)); }
}`,
    );
    shader.call(readContext);
  }
  const readState = shader.define(
    'readState',
    () => `fn readState(taps: u32) {
  for (var i = lane; i < FEATURES; i += LANES) {
    store(i, select(vec4f(0.0f), ${column}(i), observed(weights[taps + i].w) > vec4f(0.5f)));
  }
}`,
  );
  const dimensions = Int32Array.from(plan.order).sort();
  const none = new Float64Array(plan.features);
  shader.call(readState, shader.taps({ dimensions, scale: none, shift: none }));
};

/** Writes z = scale·state + shift, in the order of the plan. */
export const emitWriteLatents = (shader: Shader): void => {
  const { order, scale, shift } = shader.plan;
  const ordered = (values: Float64Array): Float64Array =>
    Float64Array.from(order, (dimension) => at(values, dimension));
  const kernel = shader.define(
    'writeLatents',
    () => `fn writeLatents(taps: u32) {
  for (var i = lane; i < FEATURES; i += LANES) {
    let z = ${tap(shader)}(weights[taps + i]);
    for (var r = 0u; r < ${PANEL_ROWS}u; r++) {
      if (firstRow + r < job.rows) { results[(firstRow + r) * FEATURES + i] = z[r]; }
    }
  }
}`,
  );
  shader.call(kernel, shader.taps({ dimensions: order, scale: ordered(scale), shift: ordered(shift) }));
};
