import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { createTableFromCsv } from '@flowline/db';
import { movedWords, type TrainingReport } from '@flowline/detector';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { startCli } from '../support/scorer-process.ts';

const data = fileURLToPath(new URL('../../../shared/data/streams/weather/', import.meta.url));
const isThere = existsSync(data);
const isRequired = process.env.FLOWLINE_REQUIRE_SHARED === '1';
if (!isThere && !isRequired) console.warn(`Skipped: the weather of 2013 is not at ${data}`);

const COLUMNS = `origin text, year int, month int, day int, hour int, temp float8, dewp float8, humid float8, wind_dir float8,
  wind_speed float8, wind_gust float8, precip float8, pressure float8, visib float8, time_hour timestamptz`;

(isThere || isRequired ? describe : describe.skip)('the promise of a rate, on the weather of three airports', () => {
  let folder: string;
  let postgres: TestPostgres;
  let database: TestDatabase;
  let rows: readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'flowline-weather-'));
    postgres = await startPostgres();
    database = await postgres.createDatabase();
    const csv = gunzipSync(readFileSync(`${data}weather.csv.gz`)).toString();
    rows = csv
      .trimEnd()
      .replace(/\bNA\b/g, '')
      .split('\n');
    await createTableFromCsv(database.db, { name: 'weather', columns: COLUMNS, csv: `${rows.slice(1).join('\n')}\n` });
  }, 120_000);
  afterAll(async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function flowline(...args: string[]) {
    const cli = startCli(args, { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'error' });
    return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() };
  }

  /**
   * Applies a detector and trains it on the months before December. With one member it is unclear
   * whether chance explains the alarms.
   */
  async function train(yaml: string) {
    const file = path.join(folder, 'detector.yaml');
    await writeFile(file, yaml.replace('  training:', '  model: { members: 3, budget: { steps: 300 } }\n  training:'));
    expect(await flowline('apply', file)).toMatchObject({ code: 0 });
    return flowline('train', /name: ([\w-]+)/.exec(yaml)?.[1] ?? '');
  }

  /** Stored report of a model. */
  async function reportOf(detector: string) {
    const { stdout } = await flowline('models', 'show', detector, '1', '--json');
    const shown = JSON.parse(stdout) as {
      manifest: { history: Record<'train' | 'test', { fromMs: number; toMs: number }> };
      run: { metrics: { training: Pick<TrainingReport, 'alarms' | 'moved'> } };
    };
    return { ...shown.run.metrics.training, history: shown.manifest.history };
  }

  /** Scores December with the detector's exported model. */
  async function december(detector: string, events: readonly string[]): Promise<{ rows: number; anomalies: number }> {
    const file = path.join(folder, 'december.csv');
    await writeFile(file, events.join('\n'));
    const model = path.join(folder, `${detector}.safetensors`);
    await flowline('models', 'export', detector, '1', '--output', model);
    const { stderr } = await flowline('score', file, '--model', model, '--only-anomalies', '--json');
    return JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as { rows: number; anomalies: number };
  }

  /** Median of a column over a part of the history, computed by Postgres. */
  async function median(column: string, { fromMs, toMs }: { fromMs: number; toMs: number }): Promise<number> {
    const [row] = await database.query(
      `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ${column}) AS middle FROM weather
       WHERE time_hour BETWEEN to_timestamp($1::float8 / 1000) AND to_timestamp($2::float8 / 1000)`,
      [fromMs, toMs],
    );
    return Number(row?.middle);
  }

  it('is said not to be kept where the year turns colder, with what moved from where to where; December agrees', async () => {
    const trained = await train(detectorYaml());
    const { alarms, moved, history } = await reportOf('nyc-weather');
    const { low, high } = alarms.interval ?? { low: NaN, high: NaN };
    expect(low).toBeLessThan(alarms.expectedRate);
    // More than twice the interval's upper bound, and more than the bursts of a storm explain: the
    // model is held, and nothing scores.
    expect(alarms.measuredRate).toBeGreaterThan(1.5 * high);
    expect(alarms).toMatchObject({ verdict: 'above', testRows: 2396 });
    expect(trained).toMatchObject({ code: 3, stdout: expect.stringContaining('MORE than asked') });
    const later = await december(
      'nyc-weather',
      rows.filter((row, i) => i === 0 || row.split(',')[2] === '12'),
    );
    expect(later.rows).toBeGreaterThan(2000);
    expect(later.anomalies / later.rows).toBeGreaterThan(high);

    // Hours repeat every day, seasons do not. Postgres computes the medians of the columns.
    const names = moved.map(({ feature }) => feature);
    expect(names).toEqual(expect.arrayContaining(['season', 'temp', 'pressure']));
    expect(names).not.toContain('hour');
    for (const { feature, before, after } of moved.filter(({ period }) => period === null)) {
      expect(before).toBeCloseTo(await median(feature, history.train), 0);
      expect(after).toBeCloseTo(await median(feature, history.test), 0);
    }
    const words = movedWords(moved);
    expect(words).toMatch(/season from \d+ % to \d+ % of its cycle/);
    expect(words).toMatch(/pressure from 101\d to 102\d/);
    const reason = `${alarms.alarms} of 2396 held-out rows, 33 expected (moved since training: ${words})`;
    expect(trained.stdout).toContain(
      `it is held back, and does not score: its alarms are far above the requested rate: ${reason}`,
    );
    for (const command of [['status', 'nyc-weather'], ['doctor'], ['models', 'show', 'nyc-weather', '1']]) {
      expect((await flowline(...command)).stdout).toContain(reason);
    }

    // It scores once a person promotes it.
    expect(await flowline('models', 'promote', 'nyc-weather', '1')).toMatchObject({ code: 0 });
    expect((await flowline('status', 'nyc-weather')).stdout).not.toContain('FLOWLINE_MODEL_HELD');
  }, 900_000);

  it('is kept, and said to be, where the later rows are like the earlier ones', async () => {
    // The same rows, each at the time of another one.
    const columns = rows[0]?.replace(',time_hour', '') ?? '';
    await database.query(`CREATE TABLE shuffled AS
      SELECT ${columns}, time_hour FROM
        (SELECT ${columns}, row_number() OVER (ORDER BY md5(origin || time_hour)) AS n FROM weather) a JOIN
        (SELECT time_hour, row_number() OVER (ORDER BY time_hour, origin) AS n FROM weather) b USING (n)`);
    const yaml = detectorYaml()
      .replace(/.*(name: (temp_change|hour|season)|key:).*\n/g, '')
      .replace('from weather', 'from shuffled')
      .replace('nyc-weather', 'shuffled');
    expect(await train(yaml)).toMatchObject({ code: 0, stdout: expect.stringContaining('as asked') });
    const { alarms, moved } = await reportOf('shuffled');
    expect(alarms).toMatchObject({ verdict: 'inside' });
    expect(moved).toEqual([]);
    const { low, high } = alarms.interval ?? { low: NaN, high: NaN };
    const events = await database.query(
      `SELECT concat_ws(',', ${columns
        .split(',')
        .map((column) => `coalesce(${column}::text, '')`)
        .join(',')}, to_char(time_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS line
       FROM shuffled WHERE time_hour >= '2013-12-01' ORDER BY time_hour`,
    );
    const later = await december('shuffled', [`${columns},time_hour`, ...events.map(({ line }) => String(line))]);
    // Within the interval, plus three standard deviations for this number of events.
    const spread = (rate: number): number => 3 * Math.sqrt(rate * later.rows);
    expect(later.anomalies).toBeLessThan(high * later.rows + spread(high));
    expect(later.anomalies).toBeGreaterThan(low * later.rows - spread(low));
    expect((await flowline('status', 'shuffled')).stdout).not.toContain('FLOWLINE_MODEL_HELD');
  }, 900_000);
});

const detectorYaml = (): string => readFileSync(`${data}detector.yaml`, 'utf8');
