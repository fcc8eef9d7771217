import { i32 } from '../assembly/expression.ts';
import type { I32 } from '../assembly/expression.ts';
import type { FunctionBuilder } from '../assembly/function-builder.ts';

/** Pointers of one pass over panels. */
export interface Pass {
  readonly f: FunctionBuilder;
  /** First panel, and the number of panels. */
  readonly tile: I32;
  readonly panels: I32;
  /** Parameters, and the vector that their gradients are added to. */
  readonly parameters: I32;
  readonly gradient: I32;
}

/** Emits the code of a part of a pass. */
export type Emit = (pass: Pass) => void;

/** Address of a quantity in the first panel. */
export const quantity = ({ tile }: Pass, offset: number): I32 => i32.add(tile, i32.constant(offset));

/** Address of a parameter, and of its gradient. */
export const parameter = ({ parameters }: Pass, offset: number): I32 => i32.add(parameters, i32.constant(offset));
export const gradient = (pass: Pass, offset: number): I32 => i32.add(pass.gradient, i32.constant(offset));
