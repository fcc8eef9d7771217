import type { FlowlineDocument, Report } from '@flowline/config';

import { checkCalendar, checkRule, type KnownNames } from './check.ts';

/**
 * Checks conditions and calendars.
 * @param known null if it is not known what they may refer to.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID, for the first document with findings.
 */
export function checkDocuments(documents: readonly FlowlineDocument[], known: KnownNames | null): void {
  for (const document of documents) {
    if (document.kind === 'Detector') continue;
    const check = (report: Report): void => {
      if (document.kind === 'Rule') checkRule(document.name, document.spec, known, report);
      if (document.kind === 'Calendar') checkCalendar(document.spec, known, report);
    };
    const error = document.invalid(check);
    if (error !== null) throw error;
  }
}
