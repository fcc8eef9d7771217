import type { Stage } from './stage.ts';

/** What a scenario found. */
export interface Outcome {
  /** Records that the topic held, or cases that were tried. */
  readonly events: number;
  /** Of these, neither scored nor a dead letter. */
  readonly lost: number;
  /** Positions stored more than once, or that the topic never held. */
  readonly duplicated: number;
  /** From the last fault until everything that was there then is stored; null where it is not what the row is about. */
  readonly recoverySeconds: number | null;
  /** What must hold beside: each is a sentence that is true. */
  readonly claims: Readonly<Record<string, boolean>>;
  /** Further figures, for people. */
  readonly counts?: Readonly<Record<string, number | string>>;
}

/** One row of the fault suite. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  run(stage: Stage): Promise<Outcome>;
}

/** Whether a row holds: nothing lost, nothing twice, every claim true. */
export function passed({ lost, duplicated, claims }: Outcome): boolean {
  return lost === 0 && duplicated === 0 && Object.values(claims).every(Boolean);
}
