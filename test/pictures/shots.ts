import type { Page } from 'playwright-core';

import type { TestDatabase } from '../support/postgres.ts';

/** Page whose picture is taken. */
export interface Shot {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly path: string;
  readonly height?: number;
  readonly theme?: 'dark';
  /** True for what changes while events come. */
  readonly isLive?: boolean;
  /** Does what a picture is to show. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const DETECTOR = '/detectors/turbines';

/** Types another rate into the definition, so that its consequences are shown. */
async function writeDefinition(page: Page): Promise<void> {
  const editor = page.getByLabel('Detector file in YAML');
  const text = await editor.inputValue();
  await editor.fill(text.replace(/falseAlarms: \S+/, 'falseAlarms: 1/day'));
  await editor.blur();
  await page.getByRole('row', { name: /^Alerts/ }).waitFor();
}

const mapDrawn = (page: Page): Promise<void> => page.locator('.map-point').waitFor();

/** Pictures of the documentation, one per page. Those of live pages come last. */
export async function shotsOf(database: TestDatabase): Promise<readonly Shot[]> {
  const [worst] = await database.query(
    `SELECT anomaly_id::text AS anomaly, alert_id::text AS alert, model_version AS model, observed FROM flowline.v1_anomalies
     WHERE detector = 'turbines' AND entity LIKE '%WT-07%' AND top_feature = 'gearbox' AND alert_id IS NOT NULL
     ORDER BY surprise_bits DESC LIMIT 1`,
  );
  const [iced] = await database.query(
    `SELECT model_version AS model, observed FROM flowline.v1_anomalies
     WHERE detector = 'turbines' AND entity LIKE '%WT-11%' AND top_feature = 'power' AND suppressed_by IS NULL
     ORDER BY surprise_bits DESC LIMIT 1`,
  );
  const explored = new URLSearchParams({
    ...{ model: String(iced?.model), x: 'wind_speed', y: 'power', at: JSON.stringify(iced?.observed) },
  });
  return [
    { name: 'scores', path: DETECTOR, height: 820 },
    { name: 'alerts', path: '/alerts?state=all', height: 760 },
    { name: 'alert', path: `/alerts/${String(worst?.alert)}`, height: 900 },
    { name: 'anomaly', path: `/anomalies/${String(worst?.anomaly)}`, height: 860 },
    { name: 'incidents', path: '/incidents?state=all', height: 760 },
    { name: 'rules', path: `/rules/new?anomaly=${String(worst?.anomaly)}`, height: 760 },
    { name: 'explorer', path: `${DETECTOR}/explorer?${explored.toString()}`, height: 860, prepare: mapDrawn },
    { name: 'models', path: `${DETECTOR}/models`, height: 900 },
    { name: 'entities', path: `${DETECTOR}/entities`, height: 760 },
    { name: 'what-if', path: `${DETECTOR}/what-if`, height: 860 },
    { name: 'definition', path: `${DETECTOR}/definition`, height: 860, prepare: writeDefinition },
    { name: 'overview', path: '/', height: 760, isLive: true },
    { name: 'pipeline', path: `${DETECTOR}/pipeline`, height: 860, isLive: true },
  ];
}

/** Further pages, for looking at all of them. */
export const furtherShots: readonly Shot[] = [
  { name: 'alerts-open', path: '/alerts' },
  { name: 'incidents-by-entity', path: '/incidents?state=all&by=entity' },
  { name: 'rule', path: '/rules/curtailed' },
  { name: 'rule-list', path: '/rules' },
  { name: 'calendars', path: '/calendars' },
  { name: 'calendar', path: '/calendars/maintenance' },
  { name: 'scores-payments', path: '/detectors/payments' },
  { name: 'waiting', path: '/detectors/logins' },
  { name: 'definition-at-rest', path: `${DETECTOR}/definition` },
];
