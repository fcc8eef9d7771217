import { missing } from '@flowline/events';
import { infiniteValue, requiredMissing, type FeatureTable } from './feature-table.ts';
import type { Layout, Place } from './layout.ts';
import type { LevelChain } from './level-chain.ts';
import { MISSING, type LevelColumn } from './level-column.ts';
import type { MissingPatterns } from './missing-patterns.ts';
import type { NumericColumn } from './numeric-column.ts';

/** Encoded rows, and the terms that their log-densities have besides the flow's. */
export interface EncodedBatch {
  readonly size: number;
  /** Columns per row, d + c. */
  readonly width: number;
  /**
   * [size × (d + c)], each row [x | context]; always finite. Numbers are within their trained
   * range, missing values are 0.
   */
  readonly rows: Float32Array;
  /**
   * [size] Σ log |d encoded / d value| over the observed dimensions, in nats. For a value beyond
   * its trained range, minus the fall of a standard normal from the end of the range to the value
   * (see {@link NumericColumn.logDensityTerm}).
   */
  readonly logJacobian: Float64Array;
  /**
   * [size] Fall of a standard normal from the end of the trained range to each value beyond it, in
   * nats: the sum that {@link logJacobian} has subtracted.
   */
  readonly fallBeyondRange: Float64Array;
  /** [size] log P of the observed scored levels, in nats. */
  readonly logDiscrete: Float64Array;
  /**
   * [size] 1 if a value lies outside its domain: the density is 0, whatever the row's other fields
   * are.
   */
  readonly outOfDomain: Uint8Array;
  /**
   * [size] Pattern of missing features: 0 for none, −1 for a combination absent from the training
   * rows.
   */
  readonly missingPattern: Int32Array;
}

/** Fitted parts of an encoding, each in the order of its kind in the schema. */
export interface FittedParts {
  readonly numeric: readonly (NumericColumn | null)[];
  readonly levels: readonly LevelColumn[];
  readonly chains: readonly LevelChain[];
  readonly patterns: MissingPatterns;
}

const TURN = 2 * Math.PI;

/** Encodes a table column by column, so that each loop calls a single transform. */
export function encodeTable(layout: Layout, parts: FittedParts, table: FeatureTable): EncodedBatch {
  const width = layout.dimensions + layout.contextNames.length;
  const batch: EncodedBatch = {
    size: table.size,
    width,
    rows: new Float32Array(table.size * width),
    logJacobian: new Float64Array(table.size),
    fallBeyondRange: new Float64Array(table.size),
    logDiscrete: new Float64Array(table.size),
    outOfDomain: new Uint8Array(table.size),
    missingPattern: new Int32Array(table.size),
  };
  const { missingPattern } = batch;
  let previousIndices: Int32Array | null = null;
  layout.places.forEach((place, feature) => {
    const onMissing: OnMissing = (row) => {
      if (place.presenceColumn < 0) throw requiredMissing(place.spec.name, row);
      const pattern = missingPattern[row] ?? missing(missingPattern, row);
      missingPattern[row] = parts.patterns.with(pattern, feature);
    };
    if (place.kind === 'levels') {
      const column = parts.levels[place.tableColumn];
      const chain = parts.chains[place.tableColumn];
      if (column === undefined || chain === undefined) return;
      previousIndices = encodeLevels(place, column, chain, previousIndices, table, batch, onMissing);
    } else if (place.kind === 'cyclic') {
      encodeCycle(place, table, batch, onMissing);
    } else {
      const column = parts.numeric[place.tableColumn];
      if (column !== null && column !== undefined) encodeNumbers(place, column, table, batch, onMissing);
    }
  });
  missingPattern.forEach((pattern, row) => {
    if (pattern > 0) missingPattern[row] = parts.patterns.settled(pattern);
  });
  return batch;
}

type OnMissing = (row: number) => void;

function encodeNumbers(
  { spec, kind, tableColumn, column: at, presenceColumn }: Place,
  column: NumericColumn,
  { size, numeric, numericWidth }: FeatureTable,
  { rows, width, logJacobian, fallBeyondRange, outOfDomain }: EncodedBatch,
  onMissing: OnMissing,
): void {
  const scored = kind === 'dimension';
  for (let row = 0; row < size; row++) {
    const cell = row * numericWidth + tableColumn;
    const observed = numeric[cell] ?? missing(numeric, cell);
    if (Number.isNaN(observed)) {
      onMissing(row);
      continue;
    }
    if (!column.accepts(observed)) {
      if (!Number.isFinite(observed)) throw infiniteValue(spec.name, row);
      outOfDomain[row] = 1;
    }
    if (!column.isKnown) {
      onMissing(row);
      continue;
    }
    const value = column.nearest(observed);
    const scaled = column.scaled(value);
    const encoded = column.standardised(scaled);
    const confined = column.confined(encoded);
    rows[row * width + at] = confined;
    if (scored) {
      if (confined !== encoded) {
        const own = fallBeyondRange[row] ?? missing(fallBeyondRange, row);
        fallBeyondRange[row] = own + column.fallBeyondRange(encoded);
      }
      const before = logJacobian[row] ?? missing(logJacobian, row);
      logJacobian[row] = before + column.logDensityTerm(value, scaled, encoded);
    }
    if (presenceColumn >= 0) rows[row * width + presenceColumn] = 1;
  }
}

function encodeCycle(
  { spec, tableColumn, column: at, presenceColumn }: Place,
  { size, numeric, numericWidth }: FeatureTable,
  { rows, width }: EncodedBatch,
  onMissing: OnMissing,
): void {
  const period = spec.period ?? 1;
  for (let row = 0; row < size; row++) {
    const cell = row * numericWidth + tableColumn;
    const value = numeric[cell] ?? missing(numeric, cell);
    if (Number.isNaN(value)) {
      onMissing(row);
      continue;
    }
    if (!Number.isFinite(value)) throw infiniteValue(spec.name, row);
    const angle = TURN * ((value % period) / period);
    rows[row * width + at] = Math.sin(angle);
    rows[row * width + at + 1] = Math.cos(angle);
    if (presenceColumn >= 0) rows[row * width + presenceColumn] = 1;
  }
}

/** Encodes a level feature. Returns the level index of each row, for the next level feature. */
function encodeLevels(
  { spec, tableColumn, column: at, presenceColumn }: Place,
  column: LevelColumn,
  chain: LevelChain,
  previousIndices: Int32Array | null,
  { size, levels, levelWidth }: FeatureTable,
  { rows, width, logDiscrete }: EncodedBatch,
  onMissing: OnMissing,
): Int32Array {
  const indices = new Int32Array(size);
  const scored = spec.role === 'score';
  for (let row = 0; row < size; row++) {
    const index = column.indexOf(levels[row * levelWidth + tableColumn] ?? null);
    indices[row] = index;
    if (index === MISSING) {
      onMissing(row);
      continue;
    }
    const oneHot = column.columns[index] ?? missing(column.columns, index);
    if (oneHot >= 0) rows[row * width + at + oneHot] = 1;
    if (presenceColumn >= 0) rows[row * width + presenceColumn] = 1;
    if (scored) {
      const previous = previousIndices === null ? MISSING : (previousIndices[row] ?? missing(previousIndices, row));
      const before = logDiscrete[row] ?? missing(logDiscrete, row);
      logDiscrete[row] = before + Math.log(chain.probability(previous, index));
    }
  }
  return indices;
}
