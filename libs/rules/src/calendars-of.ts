import type { RuleSpec } from '@flowline/config';

import { compileCondition, type NamedAccess } from './condition.ts';

/**
 * Calendars that the condition of a rule names. A condition that cannot be compiled names none: its
 * rule is passed over.
 */
export function calendarsOf({ when }: Pick<RuleSpec, 'when'>): string[] {
  const named = accessesOf(when).filter(({ variable }) => variable === 'calendar');
  return [...new Set(named.map(({ name }) => name))];
}

function accessesOf(when: string): readonly NamedAccess[] {
  try {
    return compileCondition(when, { features: null }).accesses;
  } catch {
    return [];
  }
}
