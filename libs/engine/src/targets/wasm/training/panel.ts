import type { I32, Local } from '../assembly/expression.ts';
import type { FunctionBuilder } from '../assembly/function-builder.ts';
import { PANEL_BYTES, PANEL_VECTORS } from '../layout.ts';

/** Quantities of a block are padded to a multiple of this number, with zeros. */
export const BLOCK_QUANTITIES = 4;

/** Rounds up to whole blocks. */
export const padded = (count: number): number => Math.ceil(count / BLOCK_QUANTITIES) * BLOCK_QUANTITIES;

/**
 * Memory of one panel of 16 rows: every quantity that training computes for them, 64 bytes each.
 * Panels lie one after another, so a panel is a pointer and a quantity an offset from it. Padding
 * is never written and stays zero.
 */
export class PanelLayout {
  #quantities = 0;
  #sealed = false;

  /** Offset of a new block of quantities. */
  allocate(quantities: number): number {
    if (this.#sealed) throw new RangeError('the size of a panel is known already');
    const offset = this.#quantities * PANEL_BYTES;
    this.#quantities += padded(quantities);
    return offset;
  }

  /**
   * Distance between panels in bytes; from then on nothing is allocated. An odd number of cache
   * lines, so that the same quantity of several panels does not fall into one set of the cache.
   */
  get size(): number {
    this.#sealed = true;
    return (this.#quantities + 1 - (this.#quantities % 2)) * PANEL_BYTES;
  }
}

/** Emits a body for each of a number of panels. The pointers advance by one panel. */
export const overPanels = (
  f: FunctionBuilder,
  panels: I32,
  size: number,
  pointers: readonly Local<'i32'>[],
  body: () => void,
): void => {
  const left = f.let(panels);
  f.doWhile(
    () => {
      body();
      for (const pointer of pointers) f.advance(pointer, size);
      f.advance(left, -1);
    },
    () => left,
  );
};

/** The vectors of a quantity, by number. */
export const vectors: readonly number[] = Array.from({ length: PANEL_VECTORS }, (_, v) => v);
