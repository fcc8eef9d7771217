import { at, blocksOf, FlowlineError, type Steps } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';
import type { RowLookup, Rows } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { spacedRows } from '../history/spaced-rows.ts';
import { minimumRowsOf, orFitted } from '../minimum-rows.ts';
import { chosenRows } from './chosen-rows.ts';
import { ordinaryRows } from './ordinary-rows.ts';
import { recipe } from './recipe.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/** Encoded rows that flows are trained on. */
export interface TrainingRows {
  readonly train: RowLookup;
  readonly validation: Rows;
}

/** Rows that are encoded in one step. */
const STEP_ROWS = 128;
/** Bound on the memory of rows that are encoded once, before they are drawn. */
const ENCODED_BYTES = 64 * 2 ** 20;

/**
 * Encodes the rows to train and to validate on, in steps. Training rows are encoded at once if that
 * is less work than encoding every batch of all trainings, and if they fit into memory; otherwise
 * when they are drawn. A training draws the same rows either way.
 * @param draws rows that all trainings draw together, at most.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL.
 */
export function* rowsToTrainOn(
  spec: Pick<DetectorTrainingSpec, 'data' | 'family' | 'minimumRows'>,
  encoding: FeatureEncoding,
  { train, validation }: HistoryParts<ColumnTable>,
  draws: number,
  encodedBytes = ENCODED_BYTES,
): Steps<TrainingRows> {
  const ordinary = yield* ordinaryRows(spec, encoding, train);
  const validating = spacedRows(yield* ordinaryRows(spec, encoding, validation), recipe.validationRows);
  const least = (spec.minimumRows ?? minimumRowsOf(spec.family)).train;
  if (ordinary.length < least || validating.length === 0) {
    throw new FlowlineError(
      'FLOWLINE_HISTORY_TOO_SMALL',
      `${ordinary.length} rows to train on and ${validating.length} to validate with are too few`,
      {
        where: 'history',
        remedy: `widen history.lookback: at least ${least} training rows are needed${orFitted(spec.family)}`,
      },
    );
  }
  const bytes = ordinary.length * (encoding.dimensions + encoding.contextWidth) * Float32Array.BYTES_PER_ELEMENT;
  const atOnce = ordinary.length <= draws && bytes <= encodedBytes;
  return {
    train: atOnce
      ? lookup(encoding, yield* encodedRows(encoding, train, ordinary))
      : {
          size: ordinary.length,
          rowsAt: (indices) =>
            encoded(
              encoding,
              train,
              indices.map((i) => at(ordinary, i)),
            ),
        },
    validation: yield* encodedRows(encoding, validation, validating),
  };
}

function* encodedRows(encoding: FeatureEncoding, table: ColumnTable, indices: Int32Array): Steps<Rows> {
  const { dimensions, contextWidth } = encoding;
  const size = indices.length;
  const [x, context] = [new Float32Array(size * dimensions), new Float32Array(size * contextWidth)];
  for (const [start, end] of blocksOf(size, STEP_ROWS)) {
    const part = encoding.split(encoding.encode(table.select(indices.subarray(start, end))));
    x.set(part.x, start * dimensions);
    context.set(part.context, start * contextWidth);
    yield;
  }
  return contextWidth === 0 ? { x, size } : { x, context, size };
}

function encoded(encoding: FeatureEncoding, table: ColumnTable, indices: Int32Array): Rows {
  const { x, context, size } = encoding.split(encoding.encode(table.select(indices)));
  return encoding.contextWidth === 0 ? { x, size } : { x, context, size };
}

/** Rows in memory as rows that are looked up: they are known to be finite. */
function lookup({ dimensions, contextWidth }: FeatureEncoding, { x, context, size }: Rows): RowLookup {
  return {
    size,
    rowsAt: (indices) => {
      const chosen = { x: chosenRows(x, dimensions, indices), size: indices.length };
      return context === undefined ? chosen : { ...chosen, context: chosenRows(context, contextWidth, indices) };
    },
  };
}
