import {
  type AnomalyCursor,
  type Database,
  getDetector,
  listAnomalies,
  loadChampion,
  readAlarmDays,
  type StoredAnomaly,
} from '@flowline/db';

import { faultKinds, type FaultKind, type FlightEvent } from './faults.ts';

/** Faults of one kind: the number injected, and the number found. */
export interface Caught {
  readonly injected: number;
  readonly caught: number;
}

/** Comparison of the anomalies in Postgres with the labels of the events. */
export interface DemoMeasures {
  readonly events: number;
  readonly alerts: number;
  /** Rates per event, over the events without a fault. */
  readonly falseAlarmRate: { readonly expected: number; readonly measured: number };
  readonly falseAlarms: number;
  readonly cleanEvents: number;
  readonly faults: Readonly<Record<FaultKind, Caught>>;
  /** The most surprising events: a few of each kind of fault and of the real flights. */
  readonly top: readonly SurprisingEvent[];
  /** Alerts of each day of event time, the first day first. */
  readonly alarmDays: readonly number[];
}

/** One line of the report. */
export interface SurprisingEvent {
  readonly event: FlightEvent;
  readonly summary: string;
  readonly surpriseBits: number;
}

const PAGE = 1000;
/** Days of later flights, at most. */
const MOST_DAYS = 366;
const TOP_PER_KIND = 2;
const TOP_REAL = 4;

/** Compares the anomalies found with the faults injected. */
export async function measure(db: Database, detector: string, events: readonly FlightEvent[]): Promise<DemoMeasures> {
  const [{ alpha }, anomalies, days] = await Promise.all([
    loadChampion(db, detector),
    allAnomalies(db, detector),
    readAlarmDays(db, detector, MOST_DAYS),
  ]);
  const byId = new Map(events.map((event) => [event.id, event]));
  const found = anomalies.flatMap((anomaly) => {
    const event = byId.get(anomaly.eventId);
    return event === undefined ? [] : [{ anomaly, event }];
  });
  const countOf = (list: readonly { injected: FaultKind | null }[], kind: FaultKind | null): number =>
    list.filter(({ injected }) => injected === kind).length;
  const foundEvents = found.map(({ event }) => event);
  const caught = (kind: FaultKind): Caught => ({
    injected: countOf(events, kind),
    caught: countOf(foundEvents, kind),
  });
  const cleanEvents = countOf(events, null);
  const falseAlarms = countOf(foundEvents, null);
  return {
    events: events.length,
    alerts: anomalies.length,
    falseAlarmRate: { expected: alpha, measured: falseAlarms / cleanEvents },
    falseAlarms,
    cleanEvents,
    faults: {
      delaySeconds: caught('delaySeconds'),
      distanceKm: caught('distanceKm'),
      wrongDestination: caught('wrongDestination'),
    },
    top: topOf(found),
    alarmDays: days.map(({ measured }) => measured),
  };
}

async function allAnomalies(db: Database, detector: string): Promise<StoredAnomaly[]> {
  await getDetector(db, detector);
  const all: StoredAnomaly[] = [];
  let after: AnomalyCursor | null = null;
  do {
    const page = await listAnomalies(db, { detector, limit: PAGE, ...(after === null ? {} : { after }) });
    all.push(...page.items);
    after = page.next;
  } while (after !== null);
  return all;
}

function topOf(found: readonly { readonly anomaly: StoredAnomaly; readonly event: FlightEvent }[]): SurprisingEvent[] {
  const sorted = [...found].sort(
    (a, b) => b.anomaly.surpriseBits - a.anomaly.surpriseBits || a.anomaly.logDensityNats - b.anomaly.logDensityNats,
  );
  const kinds: (FaultKind | null)[] = ['delaySeconds', 'distanceKm', 'wrongDestination', null];
  return kinds.flatMap((kind) =>
    sorted
      .filter(({ event }) => event.injected === kind)
      .slice(0, kind === null ? TOP_REAL : TOP_PER_KIND)
      .map(({ anomaly, event }) => ({ event, summary: anomaly.summary, surpriseBits: anomaly.surpriseBits })),
  );
}

/** Share of the faults of a kind that was found; 1 if none was injected. */
export const recallOf = ({ injected, caught }: Caught): number => (injected === 0 ? 1 : caught / injected);

/** Kinds of faults, in report order. */
export const kindsOfFaults = Object.keys(faultKinds).filter((kind): kind is FaultKind => kind in faultKinds);
