/** Vectors per quantity of a panel, one lane per row. */
export const PANEL_VECTORS = 4;
export const VECTOR_BYTES = 16;
/** Rows per panel: four vectors of four lanes. */
export const PANEL_ROWS = 16;
export const PANEL_BYTES = PANEL_VECTORS * VECTOR_BYTES;
/** Panels per tile. Weights are read once for all of them. */
export const TILE_PANELS = 2;
export const TILE_ROWS = TILE_PANELS * PANEL_ROWS;
/** Distance between two quantities of a tile, in bytes. */
export const STRIDE = TILE_PANELS * PANEL_BYTES;

const ALIGNMENT_BYTES = 64;

/** Allocates addresses in the memory of one module. Nothing is freed. */
export class Layout {
  #end = ALIGNMENT_BYTES;

  /** Address of a new block, aligned to a cache line. */
  allocate(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    return address;
  }

  /** Total size allocated so far, in bytes. */
  get size(): number {
    return this.#end;
  }
}
