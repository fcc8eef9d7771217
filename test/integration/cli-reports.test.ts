import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startCli } from '../support/scorer-process.ts';

// A training takes a while on a busy machine.
const TIMEOUT_MS = 480_000;
const ROWS = 1_000;
const BASELINES = [
  ...['1-NN', 'kNN5', 'LOF', 'GMM', 'Gaussian', 'isolation forest', 'ECOD', 'COPOD', 'random cut forest'],
  'TCCM',
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-reports-'));
  await writeFile(path.join(folder, 'labelled.csv'), `x,y,method,fraud\n${labelled().join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Rows near y = 2x; every 20th is an anomaly, each other one of these not to be told apart. */
function labelled(): string[] {
  let state = 11;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: ROWS }, (_, i) => {
    const x = 5 + uniform() + uniform() + uniform();
    const isFraud = i % 20 === 0;
    const y = isFraud && i % 40 === 0 ? 60 : 2 * x + uniform();
    return `${x.toFixed(3)},${y.toFixed(3)},${i % 3 === 0 ? 'card' : 'cash'},${isFraud ? 1 : 0}`;
  });
}

/** Runs a command in the folder, without a database. */
async function flowline(...args: string[]) {
  const cli = startCli(args, { FLOWLINE_DATABASE_URL: '', FLOWLINE_KAFKA_BROKERS: '' }, { cwd: folder });
  return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() };
}

const pageOf = (file: string): Promise<string> => readFile(path.join(folder, file), 'utf8');

/** Names of the sections of a page, in order. */
const sectionsOf = (html: string): string[] => [...html.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, name = '']) => name);

describe('flowline report FILE', () => {
  it(
    'with a label shows detection beside the baselines, the kept rate, and the worst and best-hidden events',
    async () => {
      const args = ['--label', 'fraud', '--steps', '60', '--baselines', '-o', 'labelled.html', '--json'];
      const { code, stdout, stderr } = await flowline('report', 'labelled.csv', ...args);
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/^seed 0, LOF: AUROC/m) });
      expect(JSON.parse(stdout)).toEqual({ detector: null, modelVersion: null, report: 'labelled.html' });
      const html = await pageOf('labelled.html');
      expect(sectionsOf(html)).toEqual([
        'How well it detects',
        'The most surprising events',
        'The best-hidden anomalies',
        'How honest it is',
        'Samples against the data',
        'What was learnt',
      ]);
      expect(html).not.toMatch(/<script|NaN|Infinity|undefined/);
      // Each baseline has both curves, three to a chart beside ours.
      const charts = [...html.matchAll(/<h3>(ROC curve|Precision and recall) against ([^<]*)<\/h3>/g)];
      expect(charts).toHaveLength(8);
      for (const kind of ['ROC curve', 'Precision and recall']) {
        const methods = charts.filter(([, name]) => name === kind).flatMap(([, , names = '']) => names.split(', '));
        expect(methods).toEqual(BASELINES);
      }
      const [, worst = '', hidden = ''] = html.split(/<h2>The (?:most surprising events|best-hidden anomalies)/);
      expect(worst).toMatch(/labelled row [\d,]+: an anomaly by fraud/);
      expect(worst).toContain('y 60');
      // Half of the anomalies are as normal as can be: these are the hidden ones.
      const names = [...hidden.matchAll(/labelled row ([\d,]+): an anomaly by fraud/g)].map(([, row = '']) => row);
      expect(names.length).toBeGreaterThan(0);
      for (const row of names) expect((Number(row.replace(',', '')) - 1) % 40).toBe(20);
      expect(html).toMatch(/alarms of [\d,]+ normal rows that the model never saw/);
      expect(html).toContain('drawn at random, so they count as independent');
    },
    TIMEOUT_MS,
  );

  it(
    'without one trains as fit does, writes no model, and ends with the path',
    async () => {
      const { code, stdout, stderr } = await flowline('report', 'labelled.csv', '--ignore', 'fraud', '--alpha', '0.01');
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'report.html: the report; open it in a browser\n' });
      expect(stderr).toMatch(/^train /m);
      expect((await readdir(folder)).filter((name) => name.endsWith('.safetensors'))).toEqual([]);
      const html = await pageOf('report.html');
      expect(sectionsOf(html)).toEqual([
        'Read this first',
        'The most surprising events',
        'How honest it is',
        'Samples against the data',
        'What was learnt',
      ]);
      expect(html).toMatch(/trained on labelled\.csv and tested on the newest 100 rows/);
      expect(html).toContain('Training curves');
      expect(html).toMatch(/Not enough rows to tell: [\d,]+ independent ones are needed/);
      expect(html).toMatch(/row [\d,]+ of the history in time order</);
    },
    TIMEOUT_MS,
  );

  it('says in one message which options do not go together', async () => {
    const cases = [
      [['report', 'orders'], 'The report of orders needs events to measure it on.'],
      [['report', 'a.csv', '--seeds', '2'], '--seeds needs labels.'],
      [['report', 'm', '--data', 'a.csv', '--label', 'x'], '--label is for a file that a model is trained on'],
      [['fit', 'a.csv', '--report', 'a.md'], '--report is a.md, which is no name of an HTML file.'],
      [['evaluate', 'a.csv', '--label', 'x', '--report', 'no/a.html'], 'no/a.html cannot be written'],
    ] as const;
    for (const [args, message] of cases) {
      const { code, stderr } = await flowline(...args);
      expect({ failed: code !== 0, stderr }).toEqual({ failed: true, stderr: expect.stringContaining(message) });
    }
  });
});

describe('flowline fit --report', () => {
  it(
    'writes the page beside the model, and ends with its path',
    async () => {
      const { code, stdout } = await flowline(
        'fit',
        'labelled.csv',
        '--ignore',
        'fraud',
        '-o',
        'm',
        '--report',
        'm.html',
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/\nm: the model, .*\nm\.html: the report; open it in a browser\n$/);
      expect(await pageOf('m.html')).toContain('flowline fit labelled.csv --ignore fraud -o m --report m.html');
      const both = await flowline(
        'fit',
        'labelled.csv',
        '--ignore',
        'fraud',
        '-o',
        'same.html',
        '--report',
        'same.html',
      );
      expect(both).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('same.html is to be both the model and the report'),
      });
    },
    TIMEOUT_MS,
  );
});
