import { parseDetector } from '@flowline/config';
import { acknowledgeAlert, applyResource, giveFeedback } from '@flowline/db';

import type { TestDatabase } from '../support/postgres.ts';
import { applyTestDetector, testEvents } from '../support/scorer-model.ts';
import { startScorer } from '../support/scorer-process.ts';

/** Detector whose every text is hostile, as far as anything but its name may be. */
export const HOSTILE_DETECTOR = 'hostile';

/** Markup that would run a script, with a mark by which its place is known. */
const markup = (mark: string): string =>
  `${mark}"'><img src=x onerror="globalThis.broken=1"><svg onload=globalThis.broken=1><script>globalThis.broken=1</script>`;

/** Hostile texts by their place; the long ones have no break. */
export const hostile = {
  feature: markup('feature'),
  longFeature: 'F'.repeat(250),
  level: markup('level'),
  entity: markup('entity'),
  longEntity: 'E'.repeat(250),
  event: markup('event'),
  record: markup('record'),
  person: markup('person'),
  note: `${markup('note')}\u202e\u0007`,
  sinkError: markup('sink error'),
  trainingError: markup('training error'),
  label: markup('label'),
  rule: markup('rule'),
} as const;

const quoted = JSON.stringify;
const definition = `apiVersion: flowline/v1
kind: Detector
metadata: { name: ${HOSTILE_DETECTOR}, labels: { team: ${quoted(hostile.label)} } }
spec:
  source: { kafka: { topic: orders }, time: { field: ts, unit: ms }, eventId: id, key: [id] }
  history: { query: ${quoted(`select 1 -- ${markup('query')}`)} }
  features:
    - { name: ${quoted(hostile.feature)}, type: positive, from: latency }
    - { name: ${quoted(hostile.longFeature)}, type: real, from: amount }
    - { name: method, type: categorical }
  missing: { nullable: [${quoted(hostile.longFeature)}] }
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
  alerts: { topic: orders.alerts, groupBy: [feature], storm: { alerts: 100000 } }
`;

const SEED = 7;

/** Fills a database with hostile texts in every place that has any. */
export async function seedHostile({ db, url, query }: TestDatabase): Promise<void> {
  await applyTestDetector(db, parseDetector(definition, 'hostile detector'), SEED);
  const odd = [0, 1].map((i) => ({
    ...{ id: `${hostile.event}${i}`, ts: Date.UTC(2026, 0, 1, 0, 5) + i * 60_000, latency: 1e6, amount: -500 },
    method: hostile.level,
  }));
  const lines = [...testEvents(400, SEED), ...odd, { ...odd[0], id: 'x', latency: hostile.record }].map((event) =>
    quoted(event),
  );
  const scorer = startScorer(
    ['--detector', HOSTILE_DETECTOR, '--source', 'ndjson:-', '--alerts', 'none', '--json'],
    { FLOWLINE_DATABASE_URL: url },
    `${[...lines, hostile.record].join('\n')}\n`,
  );
  if ((await scorer.ended) !== 0) throw new Error(`the scorer ended: ${scorer.stderr()}`);
  await seedEntities({ query });
  await seedPeople({ db, query });
  await seedFailures({ query });
}

/** Entities, which only detectors with a past of each have. */
async function seedEntities({ query }: Pick<TestDatabase, 'query'>): Promise<void> {
  const entity = `CASE anomaly_id % 2 WHEN 0 THEN $1 ELSE $2 END`;
  await query(
    `UPDATE flowline.anomalies SET alert = jsonb_set(alert, '{event,entity}', to_jsonb((${entity})::text)) WHERE detector = $3`,
    [hostile.entity, hostile.longEntity, HOSTILE_DETECTOR],
  );
  await query(
    `UPDATE flowline.alerts SET entity = $1, feature = $2,
       peak = jsonb_set(peak, '{summary}', to_jsonb($2::text)) WHERE detector = $3`,
    [hostile.entity, hostile.feature, HOSTILE_DETECTOR],
  );
}

/** Stores answers, an acknowledgement and a rule, by people with hostile names. */
async function seedPeople({ db, query }: Pick<TestDatabase, 'db' | 'query'>): Promise<void> {
  const [row] = await query(
    `SELECT alert_id::text AS alert, anomaly_id AS anomaly FROM flowline.anomalies
    WHERE detector = $1 ORDER BY anomaly_id LIMIT 1`,
    [HOSTILE_DETECTOR],
  );
  const [alertId, anomalyId] = [String(row?.alert), Number(row?.anomaly)];
  await acknowledgeAlert(db, alertId, hostile.person);
  for (const target of [{ alertId }, { anomalyId }])
    await giveFeedback(db, target, { verdict: 'expected', note: hostile.note, by: hostile.person });
  await applyResource(db, {
    ...{ kind: 'Rule', name: 'hostile', appliedBy: hostile.person },
    spec: { when: `detector == ${quoted(hostile.rule)}`, then: { tag: { team: hostile.rule } } },
  });
}

/** Stores failures of a sink and of a training, with hostile errors. */
async function seedFailures({ query }: Pick<TestDatabase, 'query'>): Promise<void> {
  await query(
    `INSERT INTO flowline.alert_outbox (alert_id, detector, topic, sink, key, headers, value, dead_at, error, attempts)
     SELECT gen_random_uuid(), $1, $2, $2, 'k', '{}', '{}', now(), $2, 3`,
    [HOSTILE_DETECTOR, hostile.sinkError],
  );
  await query(
    `INSERT INTO flowline.training_runs (detector, detector_version, status, phase, finished_at, error, requested_by,
       requested_at)
     VALUES ($1, 1, 'failed', $2, now(), jsonb_build_object('code', $2::text, 'message', $2::text), $3, now())`,
    [HOSTILE_DETECTOR, hostile.trainingError, hostile.person],
  );
}
