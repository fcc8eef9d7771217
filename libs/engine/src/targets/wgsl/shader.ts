import { at } from '@flowline/events';
import type { Plan, Reading } from '../../plan/plan.ts';

/** Rows per vector. */
export const PANEL_ROWS = 4;
/** Invocations per workgroup. WebGPU guarantees 256. */
export const WORKGROUP_THREADS = 128;
const VECTOR_BYTES = 16;

/** Division of a workgroup's rows among its invocations. */
export interface Shape {
  /** Rows per workgroup. */
  readonly rows: number;
  /** Vectors that one value takes over all these rows. */
  readonly panels: number;
  /** Invocations that share a panel. */
  readonly lanes: number;
}

/** Shape of a workgroup of 4, 8, 16 or 32 rows. */
export const shapeOf = (rows: number): Shape => ({
  rows,
  panels: rows / PANEL_ROWS,
  lanes: (WORKGROUP_THREADS * PANEL_ROWS) / rows,
});

/** Start of a region of memory, counted in values (one number per row). */
export type Slot = number;

/** Kernel call: index of the kernel, and its arguments. */
type Call = readonly [kernel: number, ...parameters: number[]];
/** Words per call: the kernel and its arguments. */
export const CALL_WORDS = 8;

/**
 * Compute shader under construction: kernels, the list of calls to them, packed weights, and the
 * memory of a workgroup. The calls are data that the shader walks through, so a kernel is compiled
 * once for all layers that use it, which keeps the driver's compiler fast. In memory, a value of
 * all rows of a workgroup is `panels` vectors side by side. An invocation works on one panel (four
 * rows) throughout, together with the `lanes` − 1 others that share it.
 */
export class Shader {
  readonly plan: Plan;
  readonly shape: Shape;
  readonly #functions = new Map<string, string>();
  readonly #kernels = new Map<string, { readonly index: number; readonly parameters: number }>();
  readonly #calls: Call[] = [];
  readonly #weights: number[] = [];
  #slots = 0;
  #mostSlots = 0;

  constructor(plan: Plan, shape: Shape) {
    this.plan = plan;
    this.shape = shape;
  }

  /**
   * Appends a call of a kernel with numeric arguments. A call sees all memory that earlier calls
   * wrote, from any invocation.
   */
  call(kernel: string, ...parameters: number[]): void {
    const { index } = this.#kernels.get(kernel) ?? { index: this.#kernels.size };
    this.#kernels.set(kernel, { index, parameters: parameters.length });
    this.#calls.push([index, ...parameters]);
  }

  /** Defines a function once. The name must determine its text. */
  define(name: string, text: () => string): string {
    if (!this.#functions.has(name)) this.#functions.set(name, text());
    return name;
  }

  /** Stores vectors of four numbers among the weights, and returns the index of the first. */
  place(vectors: readonly (readonly [number, number, number, number])[]): number {
    const first = this.#weights.length / 4;
    for (const vector of vectors) this.#weights.push(...vector);
    return first;
  }

  /** Takes memory for values. {@link release} frees everything taken since a mark. */
  take(values: number): Slot {
    const slot = this.#slots;
    this.#slots += values;
    this.#mostSlots = Math.max(this.#mostSlots, this.#slots);
    return slot;
  }

  get mark(): number {
    return this.#slots;
  }

  release(mark: number): void {
    this.#slots = mark;
  }

  /**
   * Stores a reading as data for `tap()`: (dimension, scale, shift, presence column or −1), from
   * which `tap()` computes scale·state + shift·observed.
   */
  taps({ dimensions, scale, shift }: Reading): number {
    return this.place(
      Array.from(dimensions, (dimension, i) => [
        dimension,
        at(scale, i),
        at(shift, i),
        this.plan.presence[dimension] ?? -1,
      ]),
    );
  }

  /** Workgroup memory in vectors. */
  get memoryVectors(): number {
    return this.#mostSlots * this.shape.panels;
  }

  /** Workgroup memory in bytes. */
  get memoryBytes(): number {
    return this.memoryVectors * VECTOR_BYTES;
  }

  get weights(): Float32Array {
    return Float32Array.from(this.#weights);
  }

  get functions(): readonly string[] {
    return [...this.#functions.values()];
  }

  /** [calls × CALL_WORDS] */
  get calls(): Uint32Array {
    const words = new Uint32Array(this.#calls.length * CALL_WORDS);
    this.#calls.forEach((call, i) => words.set(call, i * CALL_WORDS));
    return words;
  }

  /** Cases of a switch over kernels. The arguments of a call are the words c1 … c7. */
  get cases(): readonly string[] {
    return [...this.#kernels].map(([kernel, { index, parameters }]) => {
      const list = Array.from({ length: parameters }, (_, i) => `c${i + 1}`).join(', ');
      return `case ${index}u: { ${kernel}(${list}); }`;
    });
  }
}
