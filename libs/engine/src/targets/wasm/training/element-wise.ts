import type { TrainingEmission } from './emission.ts';
import { overPanels } from './panel.ts';
import { quantity } from './pass.ts';
import type { Pass } from './pass.ts';
import { i32 } from '../assembly/expression.ts';
import type { I32 } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { PANEL_BYTES, VECTOR_BYTES } from '../layout.ts';

/**
 * Kernel over blocks of quantities, vector by vector. `body` gets the address of the same vector of
 * every block. Parameters: the blocks in the first panel, their bytes, the panels.
 */
export const defineElementWise = (
  { module, panel }: TrainingEmission,
  key: string,
  blocks: number,
  body: (f: FunctionBuilder, addresses: readonly I32[]) => void,
): FunctionReference =>
  module.define(key, blocks + 2, (f) => {
    const pointers = Array.from({ length: blocks }, (_, i) => f.let(f.parameter(i)));
    const offset = f.local('i32');
    overPanels(f, f.parameter(blocks + 1), panel.size, pointers, () => {
      f.set(offset, i32.constant(0));
      f.doWhile(
        () => {
          body(
            f,
            pointers.map((pointer) => f.let(i32.add(pointer, offset))),
          );
          f.advance(offset, VECTOR_BYTES);
        },
        () => i32.ltU(offset, f.parameter(blocks)),
      );
    });
  });

/** Calls such a kernel with blocks of that many quantities. */
export const callElementWise = (
  pass: Pass,
  kernel: FunctionReference,
  quantities: number,
  blocks: readonly number[],
): void => {
  if (quantities === 0) return;
  const addresses = blocks.map((offset) => quantity(pass, offset));
  pass.f.call(kernel, ...addresses, i32.constant(quantities * PANEL_BYTES), pass.panels);
};
