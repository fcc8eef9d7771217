import { type DetectorDefinition, readDefinition } from '@flowline/config';
import {
  type AnomalyCursor,
  type Database,
  getDetector,
  listAnomalies,
  listModels,
  readScoreCounts,
  resourcesInForce,
  type StoredAnomaly,
  summaryRange,
  type TimeRange,
} from '@flowline/db';
import { type Anomaly, DAY_MS, isAnomalous, turn } from '@flowline/events';
import { readableResources, RuleSet, type RulesAndCalendars } from '@flowline/rules';

import { alertRulesOf } from './alert-rules.ts';
import { alphaOfStored } from './alpha-of-stored.ts';
import { changesForNextModel } from './changes-for-next-model.ts';
import { eventsBeyond } from './events-beyond.ts';
import { type ReplayedAlerts, replayAlerts } from './replay-alerts.ts';
import { anomalyOf } from './stored-anomaly.ts';

/** Effect of a definition on the events of a range. */
export interface PreviewedSide extends ReplayedAlerts {
  /** Threshold of the p-value. */
  readonly alpha: number;
  /** Reason why alpha is not the one that the definition asks for; null if it is. */
  readonly alphaNote: string | null;
  /** Events that are anomalies; a fraction where some of them are estimated. */
  readonly anomalies: number;
  /** Anomalies that rules, calendars and bounds keep out of alerts. */
  readonly suppressed: number;
}

/** Effect of a definition beside that of the one in force. */
export interface Preview {
  /** Options that take effect with the next model, and are left out. */
  readonly nextModel: readonly string[];
  readonly range: (TimeRange & { readonly events: number }) | null;
  /** Reason why nothing can be shown; null if it can. */
  readonly unknown: string | null;
  readonly before: PreviewedSide | null;
  readonly after: PreviewedSide | null;
  /** True if events would be anomalies that are none so far: no alert of theirs is counted. */
  readonly isPartial: boolean;
  /** True if there are more anomalies than a preview replays: only the latest are. */
  readonly more: boolean;
}

const PAGE = 1_000;
const MOST = 20_000;
const MINUTE_MS = 60_000;

const nothing = { range: null, before: null, after: null, isPartial: false, more: false };

/**
 * Finds what a definition would have done with the last day of stored events, beside the one in
 * force: their scores are as they are, the decision and the alerts are taken anew. Changes that
 * need another model are left out, and named.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export async function previewDefinition(
  db: Database,
  definition: DetectorDefinition,
  signal?: AbortSignal,
): Promise<Preview> {
  const { name } = definition;
  const stored = await getDetector(db, name);
  const inForce = readDefinition(stored.definition, `${name}, version ${stored.version}`);
  const nextModel = await changesForNextModel(db, definition);
  const unknown = (reason: string): Preview => ({ ...nothing, nextModel, unknown: reason });
  const champion = (await listModels(db, name)).find((model) => model.champion);
  const known = await summaryRange(db, name);
  if (champion === undefined) return unknown('there is no model yet');
  if (known === null) return unknown('no event has been scored yet');
  if ([inForce, definition].some(({ decision }) => 'fdr' in decision.control))
    return unknown('thresholds that control false discoveries follow from all events before them');
  const to = new Date(known.last.getTime() + MINUTE_MS);
  const range = { from: new Date(to.getTime() - DAY_MS), to };
  const { bits } = await readScoreCounts(db, { detector: name, ...range });
  const { items, more } = await anomaliesOf(db, name, range, signal);
  const shared = { db, champion, items, rules: await rulesInForce(db), endMs: to.getTime(), signal };
  const before = await sideOf(inForce, shared);
  const replayed = await sideOf(definition, shared);
  const further = furtherEvents(bits, before.alpha, replayed.alpha);
  const after = { ...replayed, anomalies: replayed.anomalies + further };
  const events = bits.reduce((sum, count) => sum + count, 0);
  return { nextModel, range: { ...range, events }, unknown: null, before, after, isPartial: further > 0, more };
}

/** Events between two thresholds, of which nothing but their number by bits is stored. */
function furtherEvents(bits: readonly number[], alphaBefore: number, alphaAfter: number): number {
  if (alphaAfter <= alphaBefore) return 0;
  return eventsBeyond(bits, -Math.log2(alphaAfter)) - eventsBeyond(bits, -Math.log2(alphaBefore));
}

interface Shared {
  readonly db: Database;
  readonly champion: Parameters<typeof alphaOfStored>[1];
  readonly items: readonly StoredAnomaly[];
  readonly rules: RulesAndCalendars;
  readonly endMs: number;
  readonly signal: AbortSignal | undefined;
}

async function sideOf(
  definition: DetectorDefinition,
  { db, champion, items, rules, endMs, signal }: Shared,
): Promise<PreviewedSide> {
  const { alpha, note } = await alphaOfStored(db, champion, definition.decision.control);
  const isAlarm = ({ pValue, reason }: StoredAnomaly): boolean =>
    reason === 'out_of_domain' || isAnomalous(pValue, alpha);
  const set = new RuleSet(definition, rules, () => undefined);
  const anomalies: Anomaly[] = [];
  let [alarms, suppressed] = [0, 0];
  for (const stored of items.filter(isAlarm)) {
    await turn(signal);
    alarms++;
    const { alert, ...rest } = anomalyOf(stored);
    const found = set.applyTo({ ...rest, alert: { ...alert, alertId: String(stored.anomalyId) } });
    if ((found.verdict?.suppressedBy ?? null) === null) anomalies.push(found);
    else suppressed++;
  }
  return {
    alpha,
    alphaNote: note,
    anomalies: alarms,
    suppressed,
    ...replayAlerts(anomalies, alertRulesOf(definition.alerts), endMs),
  };
}

/** Anomalies of a range in order of time: the latest, if there are too many. */
async function anomaliesOf(
  db: Database,
  detector: string,
  range: TimeRange,
  signal: AbortSignal | undefined,
): Promise<{ readonly items: readonly StoredAnomaly[]; readonly more: boolean }> {
  const items: StoredAnomaly[] = [];
  let after: AnomalyCursor | undefined;
  do {
    signal?.throwIfAborted();
    const page = await listAnomalies(db, { detector, ...range, limit: PAGE, ...(after && { after }) });
    items.push(...page.items);
    after = page.next ?? undefined;
  } while (after !== undefined && items.length < MOST);
  return { items: items.reverse(), more: after !== undefined };
}

async function rulesInForce(db: Database): Promise<RulesAndCalendars> {
  const ignore = (): void => undefined;
  return {
    rules: readableResources('Rule', await resourcesInForce(db, 'Rule'), ignore),
    calendars: readableResources('Calendar', await resourcesInForce(db, 'Calendar'), ignore),
  };
}
