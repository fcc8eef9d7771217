import { at } from '@flowline/events';
import type { FrozenFlow, Scorer } from '@flowline/engine';
import { rowValues, type EncodedBatch, type FeatureEncoding, type FeatureTable } from '@flowline/features';
import { decodeLatents } from './decode-latents.ts';
import { modesOf, typicalLatent } from './typical-latent.ts';
import { valueAt } from '../sorted.ts';

/** Parts of a model from which explanations are computed. */
export interface ModelParts {
  readonly encoding: FeatureEncoding;
  readonly scorer: Scorer;
  /** One scorer and one flow per member. */
  readonly members: readonly Scorer[];
  readonly flows: readonly FrozenFlow[];
}

/** Values of an event by feature name. */
export type EventValues = Readonly<Record<string, number | string | null>>;

/**
 * Nearest typical event of each row: its latent z is shrunk to the typical radius √d (d observed
 * dimensions) around the centre of the base, or of the nearest component of a mixture, and inverted
 * once. Levels and context stay as they are. Null if z is
 * already within that radius, or if the row overflows float32.
 */
export async function nearestNormals(
  { encoding, members, flows }: ModelParts,
  table: FeatureTable,
  batch: EncodedBatch,
): Promise<readonly (EventValues | null)[]> {
  const { dimensions: d } = encoding;
  const { context } = encoding.split(batch);
  const scores =
    members.length === 1 ? [] : await Promise.all(members.map((each) => each.score(batch.rows, batch.size)));
  const latents = await Promise.all(members.map((each) => each.latent(batch.rows, batch.size)));
  const nearest = new Float32Array(batch.rows);
  const found = new Uint8Array(batch.size);
  for (const [m, flow] of flows.entries()) {
    const shrunk = new Float32Array(batch.size * d);
    const modes = modesOf(flow.flow.base);
    const mine = Array.from({ length: batch.size }, (_, row) => row).filter((row) => bestMember(scores, row) === m);
    for (const row of mine) {
      const z = at(latents, m).subarray(row * d, (row + 1) * d);
      const typical = typicalLatent(modes, z, Math.sqrt(observedDimensions(encoding, batch, row)));
      if (typical === null) continue;
      shrunk.set(typical, row * d);
      found[row] = 1;
    }
    const x = await decodeLatents(flow, shrunk, context, batch.size);
    for (const row of mine) nearest.set(x.subarray(row * d, (row + 1) * d), row * batch.width);
  }
  const decoded = encoding.decode(nearest, batch.size);
  return Array.from({ length: batch.size }, (_, row) => {
    if (found[row] !== 1 || !nearest.subarray(row * batch.width, row * batch.width + d).every(Number.isFinite))
      return null;
    const values = rowValues(encoding.schema, decoded, row);
    const own = rowValues(encoding.schema, table, row);
    const scored = new Set(encoding.dimensionNames);
    return Object.fromEntries(
      Object.entries(own).map(([name, value]) => [name, scored.has(name) ? (values[name] ?? null) : value]),
    );
  });
}

/** True if a dimension of an encoded row is observed. */
export function isObserved(encoding: FeatureEncoding, batch: EncodedBatch, row: number, dimension: number): boolean {
  const column = at(encoding.presence, dimension);
  return column === null || valueAt(batch.rows, row * batch.width + encoding.dimensions + column) === 1;
}

function observedDimensions(encoding: FeatureEncoding, batch: EncodedBatch, row: number): number {
  return encoding.presence.filter((_, dimension) => isObserved(encoding, batch, row, dimension)).length;
}

function bestMember(scores: readonly Float64Array[], row: number): number {
  const each = scores.map((of) => valueAt(of, row));
  return Math.max(0, each.indexOf(Math.max(...each)));
}
