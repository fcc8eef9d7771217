import { median } from '../support/statistics.ts';

/** The scorer at one moment, as its /metrics tell. */
export interface Sample {
  /** Since the load began. */
  readonly seconds: number;
  readonly residentMb: number;
  readonly heapMb: number;
  /** Tensors of tfjs alive. */
  readonly tensors: number;
  readonly lagRecords: number;
  readonly lagSeconds: number;
  readonly stored: number;
}

/** Whether a soak holds, each with the figures that say so. */
export interface Verdicts {
  /** Resident memory of the last third against the middle third: medians, MB. */
  readonly memory: { readonly middleMb: number; readonly lastMb: number; readonly flat: boolean };
  readonly tensors: { readonly least: number; readonly most: number; readonly constant: boolean };
  readonly lag: { readonly mostRecords: number; readonly allowedRecords: number; readonly bounded: boolean };
}

/** Growth of resident memory from the middle to the last third that is taken for none: what a garbage collector does between two looks. */
const FLAT = 0.05;
/** Records of so many seconds may wait after the warm-up. */
const LAG_SECONDS = 5;

/**
 * Judges a soak, of which the first third is the warm-up.
 * @throws RangeError for fewer than 6 samples.
 */
export function judge(samples: readonly Sample[], eventsPerSecond: number): Verdicts {
  if (samples.length < 6) throw new RangeError(`${samples.length} samples say nothing: let it run longer`);
  const third = Math.floor(samples.length / 3);
  const warm = samples.slice(third);
  const middleMb = median(samples.slice(third, 2 * third).map(({ residentMb }) => residentMb));
  const lastMb = median(samples.slice(2 * third).map(({ residentMb }) => residentMb));
  const tensors = warm.map((sample) => sample.tensors);
  const [least, most] = [Math.min(...tensors), Math.max(...tensors)];
  const mostRecords = Math.max(...warm.map(({ lagRecords }) => lagRecords));
  const allowedRecords = LAG_SECONDS * eventsPerSecond;
  return {
    memory: { middleMb, lastMb, flat: lastMb <= middleMb * (1 + FLAT) },
    tensors: { least, most, constant: least === most },
    lag: { mostRecords, allowedRecords, bounded: mostRecords <= allowedRecords },
  };
}
