import type { SafeTensor } from '@flowline/flows';

import { NearestRows } from '../statistic/nearest-rows.ts';
import { readFloat32, type Tensors } from './checked.ts';

const HISTORY = 'statistic/history';

/** Rows that distances are measured from, as a tensor. */
export const savedHistory = ({ rows, width }: NearestRows): Readonly<Record<string, SafeTensor>> => ({
  [HISTORY]: { dtype: 'F32', shape: [rows.length / width, width], data: rows },
});

/**
 * Rows of a model file that distances are measured from.
 * @param width numbers of an encoded row.
 * @throws FlowlineError FLOWLINE_MODEL_CORRUPTED if they are missing, or no such rows.
 */
export const loadedHistory = (tensors: Tensors, width: number): NearestRows =>
  new NearestRows(readFloat32(tensors, HISTORY, width), width);
