import { type CalendarSpec, type FlowlineDocument, readDefinition, readResource } from '@flowline/config';
import {
  type AnomalyCursor,
  type Database,
  listAnomalies,
  listDetectors,
  resourcesInForce,
  type StoredAnomaly,
} from '@flowline/db';
import { type Anomaly, FlowlineError, turn } from '@flowline/events';
import { checkDocuments, type RuleFault, RuleSet, type RulesAndCalendars } from '@flowline/rules';

import { knownNames } from './known-names.ts';
import { anomalyOf } from './stored-anomaly.ts';
import { type TouchedAlert, TouchedAlerts } from './touched-alerts.ts';

/** Anomalies of one day (UTC) and entity, and those that the rules would have touched. */
export interface DryRunRow {
  readonly day: string;
  readonly detector: string;
  readonly entity: string | null;
  readonly anomalies: number;
  readonly suppressed: number;
  readonly downgraded: number;
  readonly tagged: number;
  readonly excludedFromTraining: number;
}

/** Result of a dry run. */
export interface DryRun {
  readonly rows: readonly DryRunRow[];
  /** Anomalies examined, and those among them that were suppressed already. */
  readonly examined: number;
  readonly suppressedAlready: number;
  /** True if there were more anomalies than a dry run examines. */
  readonly more: boolean;
  /** Faults of conditions, one per rule. */
  readonly faults: readonly { readonly rule: string; readonly message: string }[];
  /** Stored alerts that would have been changed, and at most 100 of them. */
  readonly alerts: { readonly count: number; readonly items: readonly TouchedAlert[] };
}

/** Range of a dry run. */
export interface DryRunRange {
  /** Earliest event time. */
  readonly from: Date;
  /** Maximum anomalies, the latest first, in whole pages of 1,000 (default 200,000). */
  readonly most?: number;
  /** Rejects with its reason between two anomalies. */
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 1_000;
const MAX_EXAMINED = 200_000;

/**
 * Finds what the rules and calendars of a file would have done to the anomalies since a time.
 * @throws FlowlineError FLOWLINE_USAGE for a file without rules and calendars;
 * FLOWLINE_CONFIG_INVALID for one that refers to what there is not.
 */
export async function dryRun(
  db: Database,
  documents: readonly FlowlineDocument[],
  { from, most = MAX_EXAMINED, signal }: DryRunRange,
): Promise<DryRun> {
  if (!documents.some(({ kind }) => kind === 'Rule' || kind === 'Calendar')) throw withoutRules();
  checkDocuments(documents, await knownNames(db, documents));
  const faults: { rule: string; message: string }[] = [];
  const rules = await rulesOf(db, documents);
  const onFault = ({ name, message }: RuleFault) => faults.push({ rule: name, message });
  const sets = await ruleSetsOf(db, rules, { onFault, signal });
  const rows = new Map<string, DryRunRow>();
  const alerts = new TouchedAlerts();
  let examined = 0;
  let suppressedAlready = 0;
  let after: AnomalyCursor | undefined;
  for (;;) {
    const page = await listAnomalies(db, { from, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const stored of page.items) {
      // A file may have thousands of rules, each with a condition to evaluate.
      await turn(signal);
      const set = sets.get(stored.detector);
      // The anomalies of a detector that is deleted stay, but no rule will see others of it.
      if (set === undefined) continue;
      examined++;
      if (stored.suppressedBy !== null) suppressedAlready++;
      else {
        const found = set.applyTo(anomalyOf(stored));
        count(rows, stored, found);
        alerts.add(stored.alertId, found);
      }
    }
    if (page.next === null || examined >= most) {
      const found = { rows: [...rows.values()], examined, suppressedAlready, more: page.next !== null, faults };
      return { ...found, alerts: await alerts.read(db) };
    }
    after = page.next;
  }
}

/** Rules by detector; their faults are told once per detector. */
async function ruleSetsOf(
  db: Database,
  rules: RulesAndCalendars,
  { onFault, signal }: { readonly onFault: (fault: RuleFault) => void; readonly signal: AbortSignal | undefined },
): Promise<Map<string, RuleSet>> {
  const sets = new Map<string, RuleSet>();
  for (const { name, version, definition } of await listDetectors(db)) {
    await turn(signal);
    const known = readDefinition(definition, `${name}, version ${version}`);
    sets.set(name, new RuleSet(withoutBounds(known), rules, onFault));
  }
  return sets;
}

/** A detector without bounds on effects, which are no part of a rule. */
const withoutBounds = <Detector extends { readonly alerts: object }>(detector: Detector) => ({
  ...detector,
  alerts: { ...detector.alerts, direction: {}, minEffect: {} },
});

/** Rules and calendars of a file; calendars in force are there for conditions to ask for. */
async function rulesOf(db: Database, documents: readonly FlowlineDocument[]): Promise<RulesAndCalendars> {
  const rules = documents.flatMap((document) =>
    document.kind === 'Rule' ? [{ name: document.name, version: 0, spec: document.spec }] : [],
  );
  const written = documents.flatMap((document) =>
    document.kind === 'Calendar' ? [{ name: document.name, version: 0, spec: document.spec }] : [],
  );
  const inForce = (await resourcesInForce(db, 'Calendar'))
    .filter(({ name }) => !written.some((calendar) => calendar.name === name))
    .map(({ name, version, spec }) => {
      const { alerts: _alerts, training: _training, ...times } = readResource('Calendar', name, spec);
      return { name, version, spec: times satisfies CalendarSpec };
    });
  return { rules, calendars: [...written, ...inForce] };
}

function count(rows: Map<string, DryRunRow>, { eventTime, detector, entity }: StoredAnomaly, found: Anomaly): void {
  const day = eventTime.toISOString().slice(0, 10);
  const key = JSON.stringify([day, detector, entity]);
  const none = { anomalies: 0, suppressed: 0, downgraded: 0, tagged: 0, excludedFromTraining: 0 };
  const before = rows.get(key) ?? { day, detector, entity, ...none };
  const { verdict } = found;
  const add = (before: number, isSo: boolean): number => before + (isSo ? 1 : 0);
  rows.set(key, {
    ...before,
    anomalies: before.anomalies + 1,
    suppressed: add(before.suppressed, (verdict?.suppressedBy ?? null) !== null),
    downgraded: add(before.downgraded, (verdict?.severityAtMost ?? null) !== null),
    tagged: add(before.tagged, found.alert.labels !== undefined),
    excludedFromTraining: add(before.excludedFromTraining, verdict?.excludedFromTraining === true),
  });
}

function withoutRules(): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', 'The file has no rule and no calendar.', {
    where: 'the file',
    remedy: 'Name a file with a document of kind Rule or Calendar.',
  });
}
