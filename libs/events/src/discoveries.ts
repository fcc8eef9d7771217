import { at } from './at.ts';
import { isAnomalous } from './decision.ts';

/** Number of discoveries whose times a partition remembers; see {@link DiscoveryState.latest}. */
export const REMEMBERED_DISCOVERIES = 256;

/**
 * Online control of the false discovery rate over the events of one partition: its tests so far,
 * and the discoveries among them.
 */
export interface DiscoveryState {
  /** Level of the control. Another level begins another sequence of tests. */
  readonly level: number;
  /** Number of events tested. */
  readonly tests: number;
  /** Number of discoveries: the events whose p-value was at most their threshold. */
  readonly discovered: number;
  /**
   * Numbers of the latest {@link REMEMBERED_DISCOVERIES} discoveries, ascending; tests count from
   * 1.
   */
  readonly latest: readonly number[];
  /** Sum of the thresholds of all tests: false discoveries to be expected, at most. */
  readonly expected: number;
}

/** Tests of a batch, as they were decided from the state of its partition. */
export interface BatchDiscoveries {
  /** Stored state that the batch follows; null if there is none. */
  readonly follows: DiscoveryState | null;
  /** State from which it was decided: `follows`, or a new sequence. */
  readonly before: DiscoveryState;
  /** Offset of the first record that was not stored when the state was read. */
  readonly decidedFrom: number;
  /** Threshold per row; 0 for an event below `decidedFrom`, which is not tested. */
  readonly thresholds: Float64Array;
  /** Number of tests beyond those of the rows: of events that Postgres refused. */
  readonly refused: number;
}

/** State of a sequence of tests that begins. */
export const newDiscoveries = (level: number): DiscoveryState => ({
  ...{ level, tests: 0, discovered: 0, latest: [], expected: 0 },
});

/** State after further tests; rows with threshold 0 are none. */
export function advanceDiscoveries(
  state: DiscoveryState,
  thresholds: Float64Array,
  pValues: Float64Array,
): DiscoveryState {
  let { tests, expected } = state;
  const found: number[] = [];
  thresholds.forEach((threshold, row) => {
    if (threshold === 0) return;
    tests++;
    expected += threshold;
    if (isAnomalous(at(pValues, row), threshold)) found.push(tests);
  });
  return {
    level: state.level,
    tests,
    discovered: state.discovered + found.length,
    latest: found.length === 0 ? state.latest : [...state.latest, ...found].slice(-REMEMBERED_DISCOVERIES),
    expected,
  };
}
