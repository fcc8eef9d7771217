import { FlowlineError } from '@flowline/events';

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
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL if no row of a class is left to test on.
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
  const tested = protocol === 'one-class' ? anomalies : otherAnomalies;
  checkTested(protocol, { anomalies: tested.length, normal: otherNormal.length });
  const test = protocol === 'one-class' ? joined(otherNormal, tested) : joined(tested, otherNormal);
  return { train: random.permutation(train).subarray(0, MOST_TRAINING_ROWS), test };
}

/** A ranking of rows of one class is none. */
function checkTested(protocol: Protocol, tested: Readonly<Record<'anomalies' | 'normal', number>>): void {
  const lacks = tested.anomalies === 0 ? 'anomaly' : tested.normal === 0 ? 'normal row' : null;
  if (lacks === null) return;
  throw new FlowlineError('FLOWLINE_HISTORY_TOO_SMALL', `The protocol ${protocol} leaves no ${lacks} to test on.`, {
    where: '--protocol',
    remedy:
      lacks === 'anomaly'
        ? 'Add anomalies: at least 2 are needed, and dozens for a measure; or train on normal rows alone (one-class).'
        : 'Add normal rows.',
  });
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
