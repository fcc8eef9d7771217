import { type Severity, severities } from '@flowline/alerts';
import type { CalendarSpec, RuleSpec } from '@flowline/config';
import { type Alert, type Anomaly, type AnomalyVerdict, messageOf } from '@flowline/events';

import { Calendar } from './calendar.ts';
import { compileCondition, type Condition, firstLine } from './condition.ts';
import { conditionValues, featureTypes, type RuledDetector } from './condition-values.ts';
import { unmetBound } from './effect.ts';
import { isInScope, isListed } from './scope.ts';
import { latestStart } from './silent-since.ts';

/** A rule or a calendar in force. */
export interface Versioned<Spec> {
  readonly name: string;
  readonly version: number;
  readonly spec: Spec;
}

/** Rules and calendars in force. */
export interface RulesAndCalendars {
  readonly rules: readonly Versioned<RuleSpec>[];
  readonly calendars: readonly Versioned<CalendarSpec>[];
}

/** Fault of a version in use: it is passed over. */
export interface RuleFault {
  readonly kind: 'Rule' | 'Calendar';
  readonly name: string;
  readonly version: number;
  readonly message: string;
}

type Actions = RuleSpec['then'];

/** Actions of a rule or calendar on an anomaly that it is about. */
interface Touch {
  readonly name: string;
  readonly actions: Actions;
}

/**
 * Rules and calendars as they apply to one detector. A rule or calendar with a fault is passed
 * over, and reported once.
 */
export class RuleSet {
  readonly #detector: RuledDetector;
  readonly #rules: readonly (Versioned<RuleSpec> & { readonly condition: Condition })[];
  readonly #calendars: readonly (Versioned<CalendarSpec> & { readonly calendar: Calendar })[];
  readonly #onFault: (fault: RuleFault) => void;
  readonly #faulty = new Set<string>();

  constructor(detector: RuledDetector, { rules, calendars }: RulesAndCalendars, onFault: (fault: RuleFault) => void) {
    this.#detector = detector;
    this.#onFault = onFault;
    const isMine = ({ spec }: Versioned<RuleSpec | CalendarSpec>): boolean =>
      spec.detectors === undefined || spec.detectors.includes(detector.name);
    this.#rules = rules.filter(isMine).flatMap((rule) => {
      const features = rule.spec.detectors === undefined ? null : featureTypes(detector);
      const condition = this.#orFault('Rule', rule, () => compileCondition(rule.spec.when, { features }));
      return condition === null ? [] : [{ ...rule, condition }];
    });
    this.#calendars = calendars.filter(isMine).flatMap((found) => {
      const calendar = this.#orFault('Calendar', found, () => new Calendar(found.spec));
      return calendar === null ? [] : [{ ...found, calendar }];
    });
  }

  /** The anomaly with its verdict, and with the names and labels of the rules that it meets. */
  applyTo(anomaly: Anomaly): Anomaly {
    const { alert } = anomaly;
    const touches = [...this.#calendarsOf(alert), ...this.#rulesOf(alert)];
    const bound = unmetBound(alert, this.#detector.alerts);
    if (touches.length === 0 && bound === null) return anomaly;
    const rules = touches.map(({ name }) => name);
    const labels = Object.fromEntries(touches.flatMap(({ actions }) => Object.entries(actions.tag ?? {})));
    const verdict: AnomalyVerdict = {
      rules,
      suppressedBy: bound ?? touches.find(({ actions }) => actions.suppress)?.name ?? null,
      severityAtMost: mildest(touches.flatMap(({ actions }) => actions.downgrade ?? [])),
      excludedFromTraining: touches.some(({ actions }) => actions.excludeFromTraining === true),
    };
    const touched = {
      ...(rules.length === 0 ? {} : { rules }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    };
    return { ...anomaly, alert: { ...alert, ...touched }, verdict };
  }

  /**
   * Latest start of a silence that has lasted `forMs` at `untilMs`, the times of calendars that
   * suppress alerts left out; null if there is none. A calendar of certain features has no say.
   * @param entity null for the stream as a whole.
   */
  silentSince(untilMs: number, forMs: number, entity: string | null): number | null {
    const suppressing = this.#calendars.filter(
      ({ spec }) => spec.alerts === false && spec.features === undefined && isListed(spec.entities, entity),
    );
    if (suppressing.length === 0) return untilMs - forMs;
    return latestStart(untilMs, forMs, (day) =>
      suppressing.flatMap((found) => this.#orFault('Calendar', found, () => found.calendar.ofDay(day)) ?? []),
    );
  }

  #calendarsOf(alert: Alert): Touch[] {
    const timeMs = Date.parse(alert.event.time);
    return this.#calendars
      .filter(({ spec }) => (spec.alerts === false || spec.training === false) && isInScope(spec, alert))
      .filter((found) => this.#orFault('Calendar', found, () => found.calendar.contains(timeMs)) === true)
      .map(({ name, spec }) => ({
        name: `calendar/${name}`,
        actions: {
          ...(spec.alerts === false ? { suppress: true as const } : {}),
          ...(spec.training === false ? { excludeFromTraining: true as const } : {}),
        },
      }));
  }

  #rulesOf(alert: Alert): Touch[] {
    const isExplained = alert.explanation === 'complete';
    const mine = this.#rules.filter(
      ({ spec, condition }) => isInScope(spec, alert) && (isExplained || !condition.needsExplanation),
    );
    if (mine.length === 0) return [];
    const values = conditionValues(alert, this.#detector, this.#calendarsAt(Date.parse(alert.event.time)));
    return mine
      .filter((rule) => this.#orFault('Rule', rule, () => rule.condition.holds(values)) === true)
      .map(({ name, spec }) => ({ name, actions: spec.then }));
  }

  #calendarsAt(timeMs: number): Record<string, boolean> {
    const at = this.#calendars.map((found) => {
      return [found.name, this.#orFault('Calendar', found, () => found.calendar.contains(timeMs)) === true] as const;
    });
    return Object.fromEntries(at);
  }

  /** Result of a use of a version; null, and reported once, if it fails. */
  #orFault<Result>(kind: RuleFault['kind'], { name, version }: Versioned<unknown>, use: () => Result): Result | null {
    try {
      return use();
    } catch (error) {
      const id = `${kind} ${name}`;
      if (!this.#faulty.has(id)) {
        this.#faulty.add(id);
        this.#onFault({ kind, name, version, message: firstLine(error) || messageOf(error) });
      }
      return null;
    }
  }
}

function mildest(limits: readonly Exclude<Severity, 'critical'>[]): Exclude<Severity, 'critical'> | null {
  const [first = null] = limits.toSorted((a, b) => severities.indexOf(a) - severities.indexOf(b));
  return first;
}
