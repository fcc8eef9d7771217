import { median, type Slope, theilSen } from '../support/statistics.ts';

/** State of the scorer at one moment, from its /metrics. */
export interface Sample {
  /** Time since the load began. */
  readonly seconds: number;
  /** Response time of /metrics. */
  readonly answerMs: number;
  readonly residentMb: number;
  readonly heapMb: number;
  /** Memory outside the heap: buffers. */
  readonly externalMb: number;
  /** Live tfjs tensors. */
  readonly tensors: number;
  readonly lagRecords: number;
  readonly lagSeconds: number;
  readonly stored: number;
}

/** Verdicts of a soak, each with its figures. */
export interface Verdicts {
  readonly memory: MemoryVerdict;
  readonly tensors: { readonly least: number; readonly most: number; readonly constant: boolean };
  readonly lag: { readonly mostRecords: number; readonly allowedRecords: number; readonly bounded: boolean };
  /** Samples that /metrics did not answer, and its slowest answer. */
  readonly metrics: { readonly missed: number; readonly slowestMs: number; readonly answers: boolean };
}

/**
 * Resident memory after the warm-up, in MB. Bursts of lag move it up and down, so its slope
 * decides.
 */
export interface MemoryVerdict {
  readonly medianMb: number;
  /** Growth from the end of the warm-up to the last sample, with a 95 % interval. */
  readonly growthMb: Slope;
  /** Minimum of the heap, just after a collection, in the middle third and in the last. */
  readonly heapFloorMb: { readonly middle: number; readonly last: number };
  readonly flat: boolean;
}

/**
 * Maximum growth that counts as flat, as a share of the median. The interval's upper bound must not
 * exceed it.
 */
const FLAT = 0.05;
/**
 * Maximum number of points in the regression. Neighbouring samples are correlated and must not
 * narrow the interval, so the points are medians of groups.
 */
const POINTS = 60;
/** Maximum lag after the warm-up, in seconds of load. */
const LAG_SECONDS = 5;

/**
 * Judges a soak. Its first third is the warm-up.
 * @param missed number of samples that got no answer.
 * @throws RangeError for fewer than 9 samples.
 */
export function judge(samples: readonly Sample[], eventsPerSecond: number, missed: number): Verdicts {
  if (samples.length < 9) throw new RangeError(`${samples.length} samples say nothing: let it run longer`);
  const third = Math.floor(samples.length / 3);
  const warm = samples.slice(third);
  const tensors = warm.map((sample) => sample.tensors);
  const [least, most] = [Math.min(...tensors), Math.max(...tensors)];
  const mostRecords = Math.max(...warm.map(({ lagRecords }) => lagRecords));
  const allowedRecords = LAG_SECONDS * eventsPerSecond;
  return {
    memory: judgeMemory(warm),
    tensors: { least, most, constant: least === most },
    lag: { mostRecords, allowedRecords, bounded: mostRecords <= allowedRecords },
    metrics: { missed, slowestMs: Math.max(...samples.map(({ answerMs }) => answerMs)), answers: missed === 0 },
  };
}

function judgeMemory(warm: readonly Sample[]): MemoryVerdict {
  const size = Math.ceil(warm.length / POINTS);
  const groups = Array.from({ length: Math.floor(warm.length / size) }, (_, i) => warm.slice(i * size, (i + 1) * size));
  const medians = (of: (sample: Sample) => number): number[] => groups.map((group) => median(group.map(of)));
  const perSecond = theilSen(
    medians(({ seconds }) => seconds),
    medians(({ residentMb }) => residentMb),
  );
  const span = (warm.at(-1)?.seconds ?? NaN) - (warm[0]?.seconds ?? NaN);
  const growthMb = { slope: perSecond.slope * span, low: perSecond.low * span, high: perSecond.high * span };
  const medianMb = median(warm.map(({ residentMb }) => residentMb));
  const floor = (part: readonly Sample[]): number => Math.min(...part.map(({ heapMb }) => heapMb));
  const half = Math.floor(warm.length / 2);
  return {
    medianMb,
    growthMb,
    heapFloorMb: { middle: floor(warm.slice(0, half)), last: floor(warm.slice(half)) },
    flat: growthMb.high <= FLAT * medianMb,
  };
}
