import { NumpyRandom } from './numpy-random.ts';

/**
 * Protocols of a measurement. `one-class`: train on half of the normal rows, test on the other half
 * and all anomalies. `contaminated`: train on 70 % of all rows, unlabelled, and test on the rest.
 */
export const protocols = ['one-class', 'contaminated'] as const;
export type Protocol = (typeof protocols)[number];

/** Rows to train on and to test on, by index. */
export interface ProtocolSplit {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Most training rows: of more, the first in random order. */
const MOST_TRAINING_ROWS = 10_000;
const CONTAMINATED_SHARE = 0.7;
/** Seeds of the splits begin here. */
const FIRST_SEED = 1_000;

/**
 * Splits labelled rows by a protocol. The splits of a seed are those of shared/peers
 * (detection_data.py), row for row.
 * @param labels 1 for an anomaly.
 */
export function splitRows(labels: Uint8Array, protocol: Protocol, seed: number): ProtocolSplit {
  const random = new NumpyRandom(FIRST_SEED + seed);
  const anomalies = random.permutation(rowsWith(labels, 1));
  const normal = random.permutation(rowsWith(labels, 0));
  const [trainedAnomalies, trainedNormal] =
    protocol === 'one-class'
      ? [0, Math.floor(normal.length / 2)]
      : [anomalies, normal].map(({ length }) => roundHalfEven(CONTAMINATED_SHARE * length));
  const cut = (rows: Int32Array, count = 0): [Int32Array, Int32Array] => [
    rows.subarray(0, count),
    rows.subarray(count),
  ];
  const [someAnomalies, otherAnomalies] = cut(anomalies, trainedAnomalies);
  const [someNormal, otherNormal] = cut(normal, trainedNormal);
  const train = protocol === 'one-class' ? someNormal : joined(someAnomalies, someNormal);
  const test = protocol === 'one-class' ? joined(otherNormal, anomalies) : joined(otherAnomalies, otherNormal);
  return { train: random.permutation(train).subarray(0, MOST_TRAINING_ROWS), test };
}

function rowsWith(labels: Uint8Array, label: number): Int32Array {
  const rows: number[] = [];
  for (const [row, each] of labels.entries()) if (each === label) rows.push(row);
  return Int32Array.from(rows);
}

const joined = (first: Int32Array, second: Int32Array): Int32Array => Int32Array.from([...first, ...second]);

/** Rounds halves to the even neighbour, as Python does. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
