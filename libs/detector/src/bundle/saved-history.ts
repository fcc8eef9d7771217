import type { SafeTensor } from '@flowline/flows';

import { NearestRows } from '../statistic/nearest-rows.ts';
import { unusable } from './unusable.ts';

const HISTORY = 'statistic/history';

/** Rows that distances are measured from, as a tensor. */
export const savedHistory = ({ rows, width }: NearestRows): Readonly<Record<string, SafeTensor>> => ({
  [HISTORY]: { dtype: 'F32', shape: [rows.length / width, width], data: rows },
});

/** @throws FlowlineError FLOWLINE_MODEL_CORRUPTED if the rows are missing. */
export function loadedHistory(tensors: ReadonlyMap<string, SafeTensor>): NearestRows {
  const { data, shape } = tensors.get(HISTORY) ?? {};
  const width = shape?.at(1);
  if (!(data instanceof Float32Array) || width === undefined) {
    throw unusable('FLOWLINE_MODEL_CORRUPTED', `it lacks ${HISTORY}`);
  }
  return new NearestRows(data, width);
}
