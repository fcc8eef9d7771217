import { type AbsencePolicy, absenceStepMs } from '@flowline/alerts';
import { type DetectorDefinition, learnsIntervals } from '@flowline/config';
import { type ChampionIntervals, championIntervals, type Database } from '@flowline/db';
import { formatDurationMs } from '@flowline/events';
import { absencePolicyOf, unwatchedAbsence } from '@flowline/operations';
import type { Logger } from '@flowline/telemetry';

/** Time between two looks at the champion's intervals. */
const EVERY_MS = 10_000;

/** Parts of {@link AbsenceInForce}. */
export interface AbsenceInForceParts {
  readonly db: Database;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Clock, in milliseconds. */
  readonly now?: () => number;
}

/**
 * Rules by which silences of a detector are alerts now: those of its definition, or with learned
 * intervals those of its champion.
 */
export class AbsenceInForce {
  readonly #parts: Required<AbsenceInForceParts>;
  readonly #definition: Pick<DetectorDefinition, 'name' | 'alerts'>;
  /** Undefined until the champion is known. */
  #policy: AbsencePolicy | null | undefined;
  /** Earlier rules by which arrivals were noted less often, while those may still count. */
  #earlier: { readonly policy: AbsencePolicy; readonly untilMs: number } | null = null;
  #version: number | null | undefined;
  #lookedMs = -Infinity;

  constructor(parts: AbsenceInForceParts, definition: Pick<DetectorDefinition, 'name' | 'alerts'>) {
    this.#parts = { now: () => performance.now(), ...parts };
    this.#definition = definition;
    if (!learnsIntervals(definition)) this.#policy = absencePolicyOf(definition.alerts, null);
  }

  /** Rules by which silences are judged; null if none is watched, undefined if it is not known. */
  get policy(): AbsencePolicy | null | undefined {
    const { now } = this.#parts;
    return this.#earlier !== null && now() < this.#earlier.untilMs ? this.#earlier.policy : this.#policy;
  }

  /** Time within which an arrival is noted once; null if none is to be noted. */
  stepMs(): number | null {
    return this.#policy == null ? null : absenceStepMs(this.#policy);
  }

  /** Follows the champion: looks it up again if the last look is some seconds ago. */
  async refresh(): Promise<void> {
    const { db, now } = this.#parts;
    if (!learnsIntervals(this.#definition) || now() - this.#lookedMs < EVERY_MS) return;
    this.#lookedMs = now();
    const champion = await championIntervals(db, this.#definition.name);
    const version = champion?.version ?? null;
    if (version === this.#version) return;
    this.#version = version;
    this.#follow(champion);
  }

  #follow(champion: ChampionIntervals | null): void {
    const { now } = this.#parts;
    const before = this.#policy ?? null;
    const policy = absencePolicyOf(this.#definition.alerts, champion);
    this.#policy = policy;
    this.#earlier = null;
    if (before !== null && policy !== null && absenceStepMs(before) > absenceStepMs(policy)) {
      this.#earlier = { policy: before, untilMs: now() + absenceStepMs(before) };
    }
    this.#log(champion, policy);
  }

  #log(champion: ChampionIntervals | null, policy: AbsencePolicy | null): void {
    const { logger } = this.#parts;
    const { name: detector, alerts } = this.#definition;
    if (policy?.week !== undefined) {
      const text = (ms: number): string => formatDurationMs(Math.round(ms / 1_000) * 1_000);
      const [least, most] = [Math.min(...policy.week.hoursMs), Math.max(...policy.week.hoursMs)].map(text);
      logger.info(
        { detector, modelVersion: champion?.version, least, most },
        'absence is watched by learned intervals',
      );
      return;
    }
    const reason = unwatchedAbsence(alerts, champion) ?? 'there is no model yet';
    const remedy = `Train it with \`flowline train ${detector}\`, or give alerts.absence.expectEvery a duration.`;
    logger.warn({ detector, reason, remedy }, 'no absence is watched: its intervals are still to be learned');
  }
}
