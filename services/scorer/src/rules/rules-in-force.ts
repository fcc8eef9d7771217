import {
  readableResources,
  type RuledDetector,
  type RuleFault,
  RuleSet,
  type RulesAndCalendars,
} from '@flowline/rules';
import type { StoredResource } from '@flowline/db';
import { type Logger, pause } from '@flowline/telemetry';

import type { AnomalyRules } from '../steps/apply-rules.ts';

/** Parts of the rules of a process. */
export interface RulesParts {
  /** Reads the resources of a kind that are in force. */
  readonly read: (kind: 'Rule' | 'Calendar') => Promise<readonly StoredResource[]>;
  /** Stores the first fault of a version. */
  readonly report: (fault: RuleFault) => Promise<void>;
  readonly logger: Logger;
  /** Interval between readings (default 1,000 ms). */
  readonly pollMs?: number;
}

const POLL_MS = 1_000;
const NONE: RulesAndCalendars = { rules: [], calendars: [] };

/**
 * Rules and calendars in force, as the process has last read them. What is applied or removed is in
 * force from the next reading on, without a restart.
 */
export class RulesInForce {
  readonly #parts: RulesParts;
  readonly #reported = new Set<string>();
  #current = NONE;
  #stamp = '';

  constructor(parts: RulesParts) {
    this.#parts = parts;
  }

  /** Reads once. @throws the error of the database. */
  async refresh(): Promise<void> {
    const [rules, calendars] = await Promise.all([this.#parts.read('Rule'), this.#parts.read('Calendar')]);
    const stamp = [...rules, ...calendars].map(({ kind, name, version }) => `${kind} ${name} ${version}`).join(', ');
    if (stamp === this.#stamp) return;
    const onFault = (fault: RuleFault): void => this.#onFault(null, fault);
    this.#current = {
      rules: readableResources('Rule', rules, onFault),
      calendars: readableResources('Calendar', calendars, onFault),
    };
    this.#stamp = stamp;
    this.#parts.logger.info({ rules: rules.length, calendars: calendars.length }, 'rules and calendars are in force');
  }

  /** Reads at intervals until the signal. While a reading fails, the rules stay as they are. */
  async watch(signal: AbortSignal): Promise<void> {
    const { pollMs = POLL_MS, logger } = this.#parts;
    let failures = 0;
    for (;;) {
      await pause(pollMs, signal);
      if (signal.aborted) return;
      try {
        await this.refresh();
        failures = 0;
      } catch (err) {
        if (failures++ === 0) logger.warn({ err }, 'the rules cannot be read; those in force stay');
      }
    }
  }

  /** Rules for the anomalies and silences of a detector: those in force when one comes. */
  of(detector: RuledDetector): AnomalyRules {
    let made: RulesAndCalendars | null = null;
    let rules = new RuleSet(detector, NONE, () => undefined);
    const current = (): RuleSet => {
      if (made !== this.#current) {
        made = this.#current;
        rules = new RuleSet(detector, made, (fault) => this.#onFault(detector.name, fault));
      }
      return rules;
    };
    return {
      applyTo: (anomaly) => current().applyTo(anomaly),
      silentSince: (...silence) => current().silentSince(...silence),
    };
  }

  /** Logs and stores the first fault of a version. */
  #onFault(detector: string | null, fault: RuleFault): void {
    const { kind, name, version, message } = fault;
    const id = `${kind} ${name} ${version}`;
    if (this.#reported.has(id)) return;
    this.#reported.add(id);
    const { logger, report } = this.#parts;
    logger.warn({ detector, kind, rule: name, version, fault: message }, 'a rule is passed over');
    report({ ...fault, message: detector === null ? message : `${detector}: ${message}` }).catch((err: unknown) => {
      this.#reported.delete(id);
      logger.warn({ err, rule: name }, 'the fault of a rule cannot be stored');
    });
  }
}
