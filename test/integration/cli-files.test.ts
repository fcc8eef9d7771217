import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startCli } from '../support/scorer-process.ts';

// A training takes a while on a busy machine.
const TIMEOUT_MS = 240_000;
const HEADER = 'id,ts,latency_ms,items,method,region';
const START = Date.UTC(2026, 3, 1);
const METHODS = ['card', 'card', 'cash'] as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-files-'));
  await writeFile(path.join(folder, 'orders.csv'), `${HEADER}\n${orders(1_500).join('\n')}\n`);
  await writeFile(path.join(folder, 'new.csv'), `${HEADER}\n${NEW.join('\n')}\n`);
  const yaml = (await flowline('init', 'orders.csv')).stdout;
  const short = yaml.replace('  training:', '  model: { budget: { steps: 50 } }\n  training:');
  await writeFile(path.join(folder, 'short.yaml'), short);
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Lines of orders, one every four minutes. */
function orders(rows: number): string[] {
  let state = 7;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: rows }, (_, i) => {
    const items = 1 + Math.floor(4 * uniform());
    const latency = 30 + 4 * items + 10 * (uniform() + uniform() + uniform() - 1.5);
    return `o-${i},${START + i * 240_000},${latency.toFixed(2)},${items},${METHODS.at(i % 3) ?? ''},eu`;
  });
}
const LATER = START + 1_600 * 240_000;
const NEW = [
  `x-1,${LATER},41.5,2,card,eu`,
  `x-2,${LATER + 1},9120,2,card,eu`,
  `x-3,${LATER + 2},NA,2,card,eu`,
  `x-4,${LATER + 3},,2,card,eu`,
];

/** Runs a command in the folder, without a database. */
async function flowline(...args: string[]) {
  const cli = startCli(args, { FLOWLINE_DATABASE_URL: '', FLOWLINE_KAFKA_BROKERS: '' }, { cwd: folder });
  return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() };
}

describe('the lines of README.md for files', () => {
  it(
    'fit, score and explain without a database',
    async () => {
      const page = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
      const block = [...page.matchAll(/^```sh\n(.*?)^```$/gms)]
        .map(([, text = '']) => text)
        .find((text) => /^npx flowline fit /m.test(text));
      const lines = (block ?? '')
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/#.*/, '').trim());
      expect(lines).toHaveLength(3);
      const results = [];
      for (const line of lines) results.push(await flowline(...line.split(/\s+/).slice(2)));
      expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
      const [fit, score, explain] = results;
      expect(fit?.stdout).toMatch(
        /^features {2}latency_ms \(real\), items \(integer\), method \(categorical\), time_of_day \(cyclic\)$/m,
      );
      expect(fit?.stdout).toMatch(/^left out {2}id: no value occurs twice: an id$/m);
      // 300 calibration rows have no tail: they promise no rate of 1 in 1,000.
      expect(fit?.stdout).toMatch(/^alarms {4}no rate can be promised, measured .* % on the last 150 rows$/m);
      expect(score?.stdout.split('\n').slice(1, 4)).toEqual([
        expect.stringMatching(/^2,\d+,x-2,,.*,true,"latency_ms 9120, expected /),
        expect.stringMatching(/^3,.*missing_field: latency_ms is absent or null/),
        expect.stringMatching(/^4,.*missing_field: latency_ms is absent or null/),
      ]);
      expect(explain?.stdout).toMatch(/^event 1, x-1, \d+: no anomaly/m);
      expect(explain?.stdout).toMatch(/^event 2, x-2, \d+: an anomaly/m);
    },
    TIMEOUT_MS,
  );

  it(
    'fit by a detector file makes the same model again, which sample reads',
    async () => {
      const fit = async (output: string, ...more: string[]) => {
        const args = ['fit', 'orders.csv', '--definition', 'short.yaml', '-o', output, '--json', ...more];
        return JSON.parse((await flowline(...args)).stdout) as { sha256: string; rows: object; alpha: number };
      };
      const [first, again, other] = [await fit('a'), await fit('b'), await fit('c', '--seed', '2')];
      expect(first).toMatchObject({
        ...{ detector: 'orders', rows: { train: 900, validation: 150, calibration: 300, test: 150 } },
        // 2 false alarms of 360 events a day.
        alpha: expect.closeTo(2 / 360, 3),
      });
      expect(await readFile(path.join(folder, 'a'))).toEqual(await readFile(path.join(folder, 'b')));
      expect(again.sha256).toBe(first.sha256);
      expect(other.sha256).not.toBe(first.sha256);
      const sampled = await flowline('sample', '--model', 'a', '--count', '3', '--json');
      expect(JSON.parse(sampled.stdout)).toMatchObject({ detector: 'orders', count: 3, drawnContext: ['time_of_day'] });
      const drawn = await flowline('sample', '--model', 'a', '--count', '3', '--out', 'drawn.csv.gz');
      expect(drawn).toMatchObject({ code: 0, stdout: expect.stringMatching(/^drawn\.csv\.gz: events 3 of orders/) });
      const lines = gunzipSync(await readFile(path.join(folder, 'drawn.csv.gz')))
        .toString()
        .split('\n');
      expect(lines).toHaveLength(5);
      expect(lines[0]).toBe('latency_ms,items,method,time_of_day,log_density_nats,p_value');
      await flowline('sample', '--model', 'a', '--count', '3', '--out', 'drawn.tsv');
      expect(await readFile(path.join(folder, 'drawn.tsv'), 'utf8')).toBe(lines.join('\n').replaceAll(',', '\t'));
    },
    TIMEOUT_MS,
  );
});

describe('flowline init FILE', () => {
  it(
    'writes a detector that validates',
    async () => {
      const written = await flowline('init', 'orders.csv', '-o', 'orders.yaml');
      expect(written).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^orders\.yaml: detector orders, 4 features of 1,500 rows/),
      });
      const text = await readFile(path.join(folder, 'orders.yaml'), 'utf8');
      expect((await flowline('init', 'orders.csv')).stdout).toBe(text);
      expect((await flowline('validate', 'orders.yaml')).stdout).toMatch(
        /^orders\.yaml is valid: detector orders, 4 features/,
      );
      const refused = await flowline('init', 'orders.csv', '-o', 'orders.yaml');
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('orders.yaml exists and is left as it is'),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'warns of halves that do not agree, and of too few rows',
    async () => {
      const rows = Array.from({ length: 400 }, (_, i) => `${i < 200 ? i % 7 : 50 + (i % 7)},${(i * 31) % 17}`);
      await writeFile(path.join(folder, 'moved.csv'), `level,other\n${rows.join('\n')}\n`);
      const { code, stderr } = await flowline('init', 'moved.csv');
      expect(code).toBe(0);
      expect(stderr).toMatch(/warning: the halves of moved\.csv do not agree: level from 3 to 53\. A model of both/);
      expect(stderr).toMatch(/warning: A training needs at least 834 rows; there are 400/);
    },
    TIMEOUT_MS,
  );
});

describe('flowline evaluate', () => {
  it(
    'ranks the anomalies of a labelled file, beside others, and writes a report',
    async () => {
      const lines = orders(600).map((line, i) =>
        i % 20 === 0 ? `${line.replace(/,\d+\.\d+,/, ',180,')},1` : `${line},0`,
      );
      await writeFile(path.join(folder, 'labelled.csv.gz'), gzipSync(`${HEADER},fraud\n${lines.join('\n')}\n`));
      const args = [
        'evaluate',
        'labelled.csv.gz',
        '--label',
        'fraud',
        '--ignore',
        'id,ts',
        '--seeds',
        '2',
        '--steps',
        '100',
      ];
      const { code, stdout, stderr } = await flowline(...args, '--report', 'evaluation.html', '--json');
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/^seed 1: AUROC 1\.0000/m) });
      const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
      const metrics = { auroc: 1, averagePrecision: 1, recallAt1Percent: 1 };
      expect(last).toMatchObject({
        ...metrics,
        ...{ protocol: 'one-class', rows: 600, anomalies: 30, features: 4 },
        alarms: { asked: 0.01 },
        seeds: [
          { seed: 0, ...metrics, seconds: expect.any(Number) },
          { seed: 1, ...metrics, seconds: expect.any(Number) },
        ],
      });
      // The path stands beside the result, whose last line stays JSON.
      expect(stderr).toMatch(/\nevaluation\.html: the report; open it in a browser\n$/);
      expect(await readFile(path.join(folder, 'evaluation.html'), 'utf8')).toContain(
        '<td><strong>flowline</strong></td><td class="number">1.0000</td><td class="number">1.0000</td>',
      );
    },
    TIMEOUT_MS,
  );

  it(
    'says in one message what is wrong with its input',
    async () => {
      await writeFile(
        path.join(folder, 'few.csv'),
        `x,label\n${Array.from({ length: 20 }, (_, i) => `${i * i},${i % 5 === 0 ? 1 : 0}`).join('\n')}\n`,
      );
      await writeFile(path.join(folder, 'one.csv'), 'x,label\n1,0\n2,0\n');
      await writeFile(path.join(folder, 'text.parquet'), 'x,label\n1,0\n2,0\n3,0\n');
      const cases = [
        [
          ['evaluate', 'orders.csv', '--label', 'fraud'],
          2,
          'error FLOWLINE_USAGE: orders.csv has no column "fraud", which --label names.',
        ],
        [
          ['evaluate', 'one.csv', '--label', 'label'],
          1,
          'error FLOWLINE_FEATURES_INVALID: Every row is normal by the column "label" of one.csv: nothing can be ranked.',
        ],
        [
          ['evaluate', 'few.csv', '--label', 'label'],
          1,
          'error FLOWLINE_HISTORY_TOO_SMALL: The protocol leaves 8 rows to train on.',
        ],
        [
          ['evaluate', 'text.parquet', '--label', 'label'],
          1,
          'error FLOWLINE_FILE_UNREADABLE: text.parquet is not a Parquet file.',
        ],
        [
          ['fit', 'new.csv'],
          1,
          'error FLOWLINE_HISTORY_TOO_SMALL: new.csv holds 4 usable rows: 2 are left to train on, at least 500 are needed.',
        ],
        [['fit', 'few.csv', '-o', 'few.csv'], 2, 'error FLOWLINE_USAGE: few.csv is read, and would be overwritten.'],
        [
          ['fit', 'few.csv', '-o', 'none/model'],
          1,
          'error FLOWLINE_OUTPUT_FAILED: none/model cannot be written: there is no folder none.',
        ],
        [
          ['init', 'nowhere'],
          1,
          'error FLOWLINE_FILE_UNREADABLE: nowhere is no file here, and there is no database to find it in.',
        ],
        [
          ['evaluate', 'few.csv', '--label', 'label', '--ignore', 'lable'],
          2,
          'error FLOWLINE_USAGE: few.csv has no column "lable", which --ignore names.',
        ],
        [
          ['score', 'few.csv', '--model', 'few.csv'],
          1,
          expect.stringMatching(/^error FLOWLINE_MODEL_CORRUPTED: few\.csv: the model cannot be used/),
        ],
        [['fit', 'orders'], 2, 'error FLOWLINE_USAGE: The name of orders does not tell its format.'],
        [
          ['explain', 'new.csv'],
          2,
          'error FLOWLINE_USAGE: Expected a detector and a file of events, or a file and --model.',
        ],
      ] as const;
      for (const [args, code, message] of cases) {
        const result = await flowline(...args);
        expect({
          code: result.code,
          first: result.stderr.split('\n').find((line) => line.startsWith('error')),
        }).toEqual({
          code,
          first: message,
        });
      }
    },
    TIMEOUT_MS,
  );
});

describe('flowline score of Parquet', () => {
  const parquet = (name: string): string =>
    fileURLToPath(new URL(`../../libs/tables/src/testing/${name}.parquet`, import.meta.url));

  it(
    'scores its rows as those of CSV, with times in the unit of the events',
    async () => {
      await flowline('fit', 'orders.csv', '--definition', 'short.yaml', '-o', 'short.safetensors');
      await writeFile(path.join(folder, 'two.csv'), `${HEADER}\n${NEW.slice(0, 2).join('\n')}\n`);
      const [fromCsv, fromParquet] = [
        await flowline('score', 'two.csv', '--model', 'short.safetensors', '--explain'),
        await flowline('score', parquet('new-orders'), '--model', 'short.safetensors', '--explain'),
      ];
      expect(fromParquet).toMatchObject({ code: 0, stdout: fromCsv.stdout });
      expect(fromParquet.stdout.split('\n')).toHaveLength(4);
      const other = await flowline('score', parquet('orders'), '--model', 'short.safetensors');
      expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/the header lacks "latency_ms"/) });
    },
    TIMEOUT_MS,
  );
});
