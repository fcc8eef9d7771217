import { at } from '@flowline/events';
import type { SafeTensor } from '@flowline/flows';

import { IsolationForest } from '../statistic/isolation-forest.ts';
import type { OutlyingStatistic, Remoteness } from '../statistic/outlying.ts';
import { loadedHistory, savedHistory } from './saved-history.ts';
import { unusable } from './unusable.ts';

/** Version of the section that this release writes and reads. */
const VERSION = 1;
const [NODES, ROOTS] = ['statistic/nodes', 'statistic/roots'] as const;
/** Numbers per node: its column, its value and the node above the cut. */
const NODE_NUMBERS = 3;

/** Part of a bundle's manifest that describes its outlying statistic. */
export interface OutlyingManifest extends Pick<
  OutlyingStatistic,
  'test' | 'density' | 'remote' | 'missingNats' | 'beyond'
> {
  readonly version: number;
  /** Null if remoteness is measured of all rows. */
  readonly gate: number | null;
  readonly remoteness: { readonly kind: Remoteness['kind']; readonly usual: number; readonly width: number };
}

/** An outlying statistic as tensors, and its part of the manifest. */
export function savedOutlying({ remoteness, gate, ...statistic }: OutlyingStatistic): {
  readonly tensors: Readonly<Record<string, SafeTensor>>;
  readonly manifest: OutlyingManifest;
} {
  const shared = { ...statistic, version: VERSION, gate: Number.isFinite(gate) ? gate : null };
  if (remoteness.kind === 'distance') {
    const { kind, usual, history } = remoteness;
    const manifest = { ...shared, remoteness: { kind, usual, width: history.width } };
    return { tensors: savedHistory(history), manifest };
  }
  const { kind, usual, forest } = remoteness;
  const { columns, values, above, roots, width } = forest;
  const nodes = new Float32Array(NODE_NUMBERS * columns.length);
  for (const [part, of] of [columns, values, above].entries()) {
    for (const [node, value] of of.entries()) nodes[NODE_NUMBERS * node + part] = value;
  }
  return {
    tensors: {
      [NODES]: { dtype: 'F32', shape: [columns.length, NODE_NUMBERS], data: nodes },
      [ROOTS]: { dtype: 'F32', shape: [roots.length], data: Float32Array.from(roots) },
    },
    manifest: { ...shared, remoteness: { kind, usual, width } },
  };
}

/**
 * @throws FlowlineError FLOWLINE_MODEL_INCOMPATIBLE for another version, FLOWLINE_MODEL_CORRUPTED
 * if a part is missing or damaged.
 */
export function loadedOutlying(
  tensors: ReadonlyMap<string, SafeTensor>,
  { version, gate, remoteness, ...statistic }: OutlyingManifest,
): OutlyingStatistic {
  if (version !== VERSION) {
    throw unusable(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `its outlying statistic has version ${version}, which this release lacks`,
    );
  }
  return { ...statistic, gate: gate ?? -Infinity, remoteness: loadedRemoteness(tensors, remoteness) };
}

function loadedRemoteness(
  tensors: ReadonlyMap<string, SafeTensor>,
  { kind, usual, width }: OutlyingManifest['remoteness'],
): Remoteness {
  if (kind === 'isolation') return { kind, usual, forest: loadedForest(tensors, width) };
  return { kind, usual, history: loadedHistory(tensors) };
}

function loadedForest(tensors: ReadonlyMap<string, SafeTensor>, width: number): IsolationForest {
  const [nodes, roots] = [tensors.get(NODES)?.data, tensors.get(ROOTS)?.data];
  if (!(nodes instanceof Float32Array) || nodes.length % NODE_NUMBERS !== 0) throw damaged(NODES);
  if (!(roots instanceof Float32Array) || roots.length < 2) throw damaged(ROOTS);
  const size = nodes.length / NODE_NUMBERS;
  const part = (of: number): Float32Array => nodes.filter((_, i) => i % NODE_NUMBERS === of);
  const forest = { columns: Int32Array.from(part(0)), values: part(1), above: Int32Array.from(part(2)) };
  // A path goes on to later nodes only, so that every search ends.
  const isTree = forest.columns.every((column, node) => {
    const above = at(forest.above, node);
    return column < 0 || (column < width && above > node + 1 && above < size);
  });
  if (!isTree || roots.some((root) => root > size)) throw damaged(NODES);
  return new IsolationForest(width, { ...forest, roots: Int32Array.from(roots) });
}

const damaged = (tensor: string): Error =>
  unusable('FLOWLINE_MODEL_CORRUPTED', `its tensor ${tensor} is missing or damaged`);
