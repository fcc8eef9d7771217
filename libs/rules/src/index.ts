export { calendarsOf } from './calendars-of.ts';
export { checkDocuments } from './check-documents.ts';
export type { KnownNames } from './check.ts';
export type { RuledDetector } from './condition-values.ts';
export { type Answer, type ProposedRule, proposeRules } from './propose.ts';
export { readableResources } from './readable-resources.ts';
export { untrainedTimes } from './training-times.ts';
export { type RuleFault, RuleSet, type RulesAndCalendars, type Versioned } from './rule-set.ts';
