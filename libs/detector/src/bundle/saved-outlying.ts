import { at } from '@flowline/events';
import type { SafeTensor } from '@flowline/flows';

import { IsolationForest } from '../statistic/isolation-forest.ts';
import type { OutlyingStatistic, Remoteness, Spread } from '../statistic/outlying.ts';
import { check, type ModelSizes, readFloat32, readNumber, readNumbers, readObject, type Tensors } from './checked.ts';
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
 * Outlying statistic of a model file, whose numbers may be anything.
 * @throws FlowlineError FLOWLINE_MODEL_INCOMPATIBLE for another version, FLOWLINE_MODEL_CORRUPTED
 * if a part is missing or damaged.
 */
export function loadedOutlying(
  tensors: Tensors,
  manifest: Readonly<Record<string, unknown>>,
  sizes: ModelSizes,
): OutlyingStatistic {
  const { version, gate, density, remote, missingNats, beyond } = manifest;
  if (version !== VERSION) {
    throw unusable(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `its outlying statistic has version ${String(version)}, which this release lacks`,
    );
  }
  return {
    test: 'outlying',
    density: loadedSpread(density, 'statistic.density'),
    remote: loadedSpread(remote, 'statistic.remote'),
    missingNats: readNumbers(missingNats, 'statistic.missingNats'),
    beyond: readNumber(beyond, 'statistic.beyond'),
    gate: gate === null ? -Infinity : readNumber(gate, 'statistic.gate'),
    remoteness: loadedRemoteness(tensors, manifest.remoteness, sizes),
  };
}

function loadedSpread(value: unknown, part: string): Spread {
  const { median, quarter } = readObject(value, part);
  return { median: readNumber(median, part), quarter: readNumber(quarter, part, Number.MIN_VALUE) };
}

function loadedRemoteness(tensors: Tensors, value: unknown, { width }: ModelSizes): Remoteness {
  const part = 'statistic.remoteness';
  const { kind, usual: level, width: own } = readObject(value, part);
  const usual = readNumber(level, `${part}.usual`);
  check(own === width, `${part}.width`, `is not the ${width} of the features`);
  if (kind === 'isolation') return { kind, usual, forest: loadedForest(tensors, width) };
  check(kind === 'distance', `${part}.kind`, 'is unknown');
  return { kind, usual, history: loadedHistory(tensors, width) };
}

function loadedForest(tensors: Tensors, width: number): IsolationForest {
  const nodes = readFloat32(tensors, NODES, NODE_NUMBERS);
  const roots = Int32Array.from(readFloat32(tensors, ROOTS, 1));
  const part = (of: number): Float32Array => nodes.filter((_, i) => i % NODE_NUMBERS === of);
  const forest = { columns: Int32Array.from(part(0)), values: part(1), above: Int32Array.from(part(2)), roots };
  const size = forest.columns.length;
  check(roots.length >= 2 && roots[0] === 0 && roots.at(-1) === size, ROOTS, 'are not those of the nodes');
  for (let tree = 0; tree + 1 < roots.length; tree++) {
    const [root, end] = [at(roots, tree), at(roots, tree + 1)];
    check(root < end && end <= size && isTree(forest, width, root, end), NODES, 'are no trees');
  }
  return new IsolationForest(width, forest);
}

/** True if every path goes on to later nodes of its tree, so that every search ends in a leaf. */
function isTree(
  { columns, above }: Pick<IsolationForest, 'columns' | 'above'>,
  width: number,
  root: number,
  end: number,
): boolean {
  for (let node = root; node < end; node++) {
    const [column, next] = [at(columns, node), at(above, node)];
    if (column >= 0 && !(column < width && next > node + 1 && next < end)) return false;
  }
  return true;
}
