import type { Stage } from './stage.ts';

/** Result of a scenario. */
export interface Outcome {
  /** Records on the topic, or test cases run. */
  readonly events: number;
  /** Records that are neither scored nor a dead letter. */
  readonly lost: number;
  /** Positions stored more than once, or stored without being on the topic. */
  readonly duplicated: number;
  /**
   * Seconds from the last fault until every record present at that moment was stored. Null if the
   * scenario does not measure recovery.
   */
  readonly recoverySeconds: number | null;
  /** Further checks, each by a sentence that must be true. */
  readonly claims: Readonly<Record<string, boolean>>;
  /** Further figures for the report. */
  readonly counts?: Readonly<Record<string, number | string>>;
}

/** One row of the fault suite. */
export interface Scenario {
  /** `R1` and so on, as in BENCHMARKS.md. */
  readonly id: string;
  /** Fault that it makes, and name of its file. */
  readonly name: string;
  readonly title: string;
  run(stage: Stage): Promise<Outcome>;
}

/** True if a row passes: nothing lost, nothing duplicated, every claim true. */
export function passed({ lost, duplicated, claims }: Outcome): boolean {
  return lost === 0 && duplicated === 0 && Object.values(claims).every(Boolean);
}
