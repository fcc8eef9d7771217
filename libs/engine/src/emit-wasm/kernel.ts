import type { Emission } from './emission.ts';
import { i32 } from './expression.ts';
import type { I32, Local } from './expression.ts';
import type { FunctionBuilder } from './function-builder.ts';
import { Layout, PANEL_BYTES, PANEL_ROWS, TILE_ROWS } from './layout.ts';
import { VectorMath } from './math.ts';
import { ModuleBuilder } from './module-builder.ts';
import type { Plan } from '../plan.ts';

const FLOAT_BYTES = 4;

/** A compiled kernel: a self-contained module, and where its rows go in and its results come out. */
export interface KernelCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Rows that one call takes at most. */
  readonly capacity: number;
  readonly rowsAddress: number;
  /** One float a row: log p (or nothing, in a gradient kernel). */
  readonly scoresAddress: number;
  /** d floats a row: z, or the gradient. */
  readonly vectorsAddress: number;
}

/** How a module is to be written. */
export interface EmitOptions {
  /** Use relaxed-SIMD multiply-add; only where WebAssembly.validate accepts it. */
  readonly fused: boolean;
  /** Rows that one call takes at most. */
  readonly capacity: number;
}

/** Where a kernel is in its rows. */
export interface RowCursor {
  readonly remaining: Local<'i32'>;
  readonly row: Local<'i32'>;
  readonly score: Local<'i32'>;
  readonly vector: Local<'i32'>;
}

/** A module under construction whose kernels go over rows. */
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
    // A vector load of the last row's last number reaches beyond it.
    this.#rows = layout.allocate(capacity * (plan.features + plan.context) * FLOAT_BYTES + 16);
    this.#scores = layout.allocate((capacity + TILE_ROWS) * FLOAT_BYTES);
    this.#vectors = layout.allocate(capacity * plan.features * FLOAT_BYTES);
  }

  /** Exports a kernel of the first n rows: `take` writes code that does some of the remaining rows and says how many. */
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

/** The bytes of the panels that hold a number of rows. */
export const panelBytesOf = (rows: I32): I32 => {
  const c = (value: number): I32 => i32.constant(value);
  const rounded = i32.and(i32.add(rows, c(PANEL_ROWS - 1)), c(-PANEL_ROWS));
  return i32.mul(rounded, c(PANEL_BYTES / PANEL_ROWS));
};
