import { type CalendarSpec, nearest, type Report, type RuleSpec } from '@flowline/config';

import { Calendar } from './calendar.ts';
import { compileCondition, firstLine, type NamedAccess } from './condition.ts';
import { featureTypes, type RuledDetector } from './condition-values.ts';
import type { Scope } from './scope.ts';

/** Names that rules and calendars may refer to. */
export interface KnownNames {
  readonly detectors: readonly RuledDetector[];
  readonly calendars: readonly string[];
}

const WHEN = ['spec', 'when'] as const;
const WRITE = 'correct the condition; docs/reference/rules.md lists its variables';

/**
 * Checks a rule: its condition parses, has the right types, and names what there is.
 * @param known null if it is not known what there is.
 */
export function checkRule(name: string, spec: RuleSpec, known: KnownNames | null, report: Report): void {
  if (known !== null) checkScope(spec, known, report);
  if (['direction', 'minEffect'].includes(name)) {
    report(['metadata', 'name'], `"${name}" is the name of an option of detectors`, 'name the rule otherwise');
  }
  try {
    const { accesses } = compileCondition(spec.when, { features: null });
    if (known === null) return;
    const unknown = unknownNames(accesses, scopedDetectors(spec, known), known, report);
    if (unknown || spec.detectors === undefined) return;
    for (const detector of scopedDetectors(spec, known)) {
      compileCondition(spec.when, { features: featureTypes(detector) });
    }
  } catch (error) {
    report(WHEN, firstLine(error), WRITE);
  }
}

/** Checks a calendar: its events can be read, and it names what there is; see {@link checkRule}. */
export function checkCalendar(spec: CalendarSpec, known: KnownNames | null, report: Report): void {
  if (known !== null) checkScope(spec, known, report);
  try {
    new Calendar(spec);
  } catch (error) {
    const place = spec.ics === undefined ? 'events' : 'ics';
    report(['spec', place], firstLine(error), 'correct the calendar');
  }
}

const scopedDetectors = ({ detectors: names }: Scope, { detectors }: KnownNames): readonly RuledDetector[] =>
  names === undefined ? detectors : detectors.filter(({ name }) => names.includes(name));

function checkScope(scope: Scope, known: KnownNames, report: Report): void {
  const names = known.detectors.map(({ name }) => name);
  for (const [i, name] of (scope.detectors ?? []).entries()) {
    if (!names.includes(name)) {
      report(['spec', 'detectors', i], `there is no detector "${name}"`, meant(name, names, 'apply it first'));
    }
  }
  const features = featuresOf(scopedDetectors(scope, known));
  for (const [i, name] of (scope.features ?? []).entries()) {
    if (features.length > 0 && !features.includes(name)) {
      report(['spec', 'features', i], `there is no feature "${name}"`, meant(name, features));
    }
  }
}

const featuresOf = (detectors: readonly RuledDetector[]): string[] => [
  ...new Set(detectors.flatMap(({ features }) => features.map(({ name }) => name))),
];

/** Reports names that a condition looks up and nothing has; true if there are any. */
function unknownNames(
  accesses: readonly NamedAccess[],
  detectors: readonly RuledDetector[],
  { calendars }: KnownNames,
  report: Report,
): boolean {
  const features = featuresOf(detectors);
  const fields = [...new Set(detectors.flatMap(({ source }) => source.key ?? []))];
  const namesOf: Readonly<Record<string, { readonly noun: string; readonly names: readonly string[] }>> = {
    ...(detectors.length === 0
      ? {}
      : {
          x: { noun: 'feature', names: features },
          e: { noun: 'feature', names: features },
          entity: { noun: 'key field', names: fields },
        }),
    calendar: { noun: 'calendar', names: calendars },
  };
  const unknown = accesses.flatMap(({ variable, name }) => {
    const known = namesOf[variable];
    return known === undefined || known.names.includes(name) ? [] : [{ ...known, name }];
  });
  for (const { noun, names, name } of unknown) {
    report(WHEN, `there is no ${noun} "${name}"`, meant(name, names));
  }
  return unknown.length > 0;
}

/** Remedy for a name that there is not. */
function meant(name: string, names: readonly string[], otherwise = ''): string {
  const guess = nearest(name, names);
  if (guess !== undefined) return `did you mean "${guess}"?`;
  const list = names.length === 0 ? 'there are none yet' : `there are ${names.join(', ')}`;
  return otherwise === '' ? list : `${otherwise}; ${list}`;
}
