import { place } from './emission.ts';
import type { Emission } from './emission.ts';

/** The constants of one dimension in one step: where it lives, where its mask lives, and the affine map folded into it. */
export interface TableEntry {
  readonly state: number;
  readonly mask: number;
  readonly scale: number;
  readonly shift: number;
}

/** Where a table lies in memory. */
export interface Table {
  readonly start: number;
  readonly end: number;
}

export const ENTRY_BYTES = 16;
export const Entry = { state: 0, mask: 4, scale: 8, shift: 12 } as const;

/** Puts a table of dimensions into memory, so that one kernel serves every step and every permutation. */
export const placeTable = (emission: Emission, entries: readonly TableEntry[]): Table => {
  const bytes = new DataView(new ArrayBuffer(entries.length * ENTRY_BYTES));
  entries.forEach((entry, index) => {
    bytes.setInt32(index * ENTRY_BYTES + Entry.state, entry.state, true);
    bytes.setInt32(index * ENTRY_BYTES + Entry.mask, entry.mask, true);
    bytes.setFloat32(index * ENTRY_BYTES + Entry.scale, entry.scale, true);
    bytes.setFloat32(index * ENTRY_BYTES + Entry.shift, entry.shift, true);
  });
  const start = place(emission, new Uint8Array(bytes.buffer));
  return { start, end: start + bytes.byteLength };
};
