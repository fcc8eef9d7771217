/** A row of floats, one per lane, for each of the rows that a tile scores together. */
export const PANEL_VECTORS = 4;
export const VECTOR_BYTES = 16;
/** Rows that one panel scores: four vectors of four lanes. */
export const PANEL_ROWS = 16;
export const PANEL_BYTES = PANEL_VECTORS * VECTOR_BYTES;
/** Panels of a tile: weights are read once for all of them. */
export const TILE_PANELS = 2;
export const TILE_ROWS = TILE_PANELS * PANEL_ROWS;
/** The distance between two quantities of a tile. */
export const STRIDE = TILE_PANELS * PANEL_BYTES;

const ALIGNMENT_BYTES = 64;

/** Gives out addresses of one module's memory; nothing is given back. */
export class Layout {
  #end = ALIGNMENT_BYTES;

  /** The address of a fresh block that starts on a cache line. */
  allocate(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    return address;
  }

  /** What has been given out so far, in bytes. */
  get size(): number {
    return this.#end;
  }
}
