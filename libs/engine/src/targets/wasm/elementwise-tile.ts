import { i32 } from './assembly/expression.ts';
import type { I32, V128 } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { STRIDE, VECTOR_BYTES } from './layout.ts';
import type { ModuleBuilder } from './assembly/module-builder.ts';

/**
 * Kernel that computes quantities of a tile from others, vector by vector at the same offset.
 * `value` emits the code for one vector, given the addresses that it is read from and written to.
 * Parameters: from, end of from, another operand, to, bytes of the panels.
 */
export const defineElementwiseTile = (
  module: ModuleBuilder,
  key: string,
  value: (f: FunctionBuilder, from: I32, other: I32, to: I32) => V128,
): FunctionReference =>
  module.define(key, 5, (f) => {
    const [end, panelBytes] = [f.parameter(1), f.parameter(4)];
    const [from, other, to] = [f.let(f.parameter(0)), f.let(f.parameter(2)), f.let(f.parameter(3))];
    const offset = f.local('i32');
    f.doWhile(
      () => {
        f.set(offset, i32.constant(0));
        f.doWhile(
          () => {
            const target = i32.add(to, offset);
            f.store(target, value(f, i32.add(from, offset), i32.add(other, offset), target));
            f.advance(offset, VECTOR_BYTES);
          },
          () => i32.ltU(offset, panelBytes),
        );
        for (const pointer of [from, other, to]) f.advance(pointer, STRIDE);
      },
      () => i32.ltU(from, end),
    );
  });
