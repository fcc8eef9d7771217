import type { Emission } from './emission.ts';
import { i32 } from './assembly/expression.ts';
import type { I32, Local } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import { Layout, PANEL_BYTES, PANEL_ROWS, TILE_ROWS } from './layout.ts';
import { VectorMath } from './math.ts';
import { ModuleBuilder } from './assembly/module-builder.ts';
import type { Plan } from '../../plan/plan.ts';

const FLOAT_BYTES = 4;

/** Emitted kernel: a self-contained module, with the addresses of its rows and results. */
export interface KernelCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Maximum rows per call. */
  readonly capacity: number;
  readonly rowsAddress: number;
  /** One float per row: log p. */
  readonly scoresAddress: number;
  /** d floats per row: z, or the gradient. */
  readonly vectorsAddress: number;
}

/** Options of an emitted module. */
export interface EmitOptions {
  /** Use the relaxed-SIMD multiply-add. Only if WebAssembly.validate accepts it. */
  readonly fused: boolean;
  /** Maximum rows per call. */
  readonly capacity: number;
}

/** Position of a kernel in its rows. */
export interface RowCursor {
  readonly remaining: Local<'i32'>;
  readonly row: Local<'i32'>;
  readonly score: Local<'i32'>;
  readonly vector: Local<'i32'>;
}

/** Module under construction whose kernels loop over rows. */
export class KernelWriter {
  readonly emission: Emission;
  readonly #capacity: number;
  readonly #rows: number;
  readonly #scores: number;
  readonly #vectors: number;

  constructor(plan: Plan, { fused, capacity }: EmitOptions) {
    const layout = new Layout();
    this.emission = { plan, module: new ModuleBuilder(), math: new VectorMath(fused), layout };
    this.#capacity = capacity;
    // A vector load of the last number of the last row reads past its end.
    this.#rows = layout.allocate(capacity * (plan.features + plan.context) * FLOAT_BYTES + 16);
    this.#scores = layout.allocate((capacity + TILE_ROWS) * FLOAT_BYTES);
    this.#vectors = layout.allocate(capacity * plan.features * FLOAT_BYTES);
  }

  /**
   * Exports a kernel that processes the first n rows. `take` emits code that processes some of the
   * remaining rows and sets their count.
   */
  export(name: string, take: (f: FunctionBuilder, at: RowCursor, count: Local<'i32'>) => void): void {
    const { module, plan } = this.emission;
    const run = module.define(name, 1, (f) => {
      const at: RowCursor = {
        remaining: f.let(f.parameter(0)),
        row: f.let(i32.constant(this.#rows)),
        score: f.let(i32.constant(this.#scores)),
        vector: f.let(i32.constant(this.#vectors)),
      };
      const count = f.local('i32');
      const advance = (pointer: Local<'i32'>, floats: number): void =>
        f.set(pointer, i32.add(pointer, i32.mul(count, i32.constant(floats * FLOAT_BYTES))));
      f.while(
        () => i32.ltU(i32.constant(0), at.remaining),
        () => {
          take(f, at, count);
          f.set(at.remaining, i32.sub(at.remaining, count));
          advance(at.row, plan.features + plan.context);
          advance(at.score, 1);
          advance(at.vector, plan.features);
        },
      );
    });
    module.export(name, run);
  }

  build(): KernelCode {
    const { module, layout } = this.emission;
    return {
      bytes: module.build(layout.size),
      capacity: this.#capacity,
      rowsAddress: this.#rows,
      scoresAddress: this.#scores,
      vectorsAddress: this.#vectors,
    };
  }
}

/** Size in bytes of the panels that hold the given number of rows. */
export const panelBytesOf = (rows: I32): I32 => {
  const c = (value: number): I32 => i32.constant(value);
  const rounded = i32.and(i32.add(rows, c(PANEL_ROWS - 1)), c(-PANEL_ROWS));
  return i32.mul(rounded, c(PANEL_BYTES / PANEL_ROWS));
};
