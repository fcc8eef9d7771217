import path from 'node:path';

import { baselines, type LabelledRows, protocols, type Protocol } from '@flowline/evaluation';

import { fileFingerprint, sourcesFingerprint } from '../support/fingerprint.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { mean } from '../support/statistics.ts';
import { defaultFolder, fileOf, readSet, setNames } from './labelled-sets.ts';
import { ASKED_ALARMS, type DetectionRow, type Measure, measureOn, OURS, OURS_OTHERS } from './measure.ts';
import { MeasuredRows } from './measured-rows.ts';
import { type MethodSummary, summarise } from './summary.ts';

/** Small sets of different kinds, of minutes. */
const QUICK_SETS = ['breastw', 'thyroid', 'wdbc', 'wilt'];
const [FULL_SEEDS, QUICK_SEEDS] = [3, 1];

/**
 * Detection benchmark: the product's detector and the detectors that people would use instead, on
 * the same splits of labelled sets.
 */
export const program: BenchProgram = {
  async run(args) {
    const usualMethods = [OURS, ...baselines.map(({ name }) => name)];
    const methodNames = [...usualMethods, ...OURS_OTHERS];
    const options = parseBenchOptions('detection', args, {
      data: { value: 'A,B', meaning: 'some of the sets; default all' },
      protocols: { value: 'A,B', meaning: `some of ${protocols.join(', ')}; default both, with --quick the first` },
      methods: {
        value: 'A,B',
        meaning: `some of ${methodNames.join(', ')}; default all but ${OURS_OTHERS.join(', ')}`,
      },
      seeds: { value: 'N', meaning: 'splits per set: 0, 1, …; default 3, with --quick 1' },
      from: { value: 'DIR', meaning: 'a folder of .csv.gz files with a label, default ../shared/data/anomaly' },
      keep: { value: 'FILE', meaning: 'keeps rows that are measured, and takes those of the same code and data' },
      fresh: { meaning: 'measure every row again' },
    });
    const folder = options.get('from') ?? defaultFolder;
    const known = await setNames(folder);
    const quick = known.filter((name) => QUICK_SETS.includes(name));
    const names = options.among('data', known, options.quick && quick.length > 0 ? quick : known);
    const wanted = options.among('protocols', protocols, options.quick ? protocols.slice(0, 1) : protocols);
    const methods = options.among('methods', methodNames, usualMethods);
    const seeds = options.count('seeds', options.quick ? QUICK_SEEDS : FULL_SEEDS);
    console.log(`detection: ${names.length} sets, ${seeds} seeds; ${describeMachine()}`);
    const kept = await MeasuredRows.open(options.has('fresh') ? null : (options.get('keep') ?? KEPT_ROWS));
    if (kept.size > 0)
      console.log(`${kept.size} rows of earlier runs are known; those of other code or data are measured anew.`);
    const codeOf = await methodFingerprints();
    const rows: DetectionRow[] = [];
    for (const protocol of wanted) {
      for (const data of names) {
        rows.push(...(await measureSet(folder, data, { protocol, seeds, methods, kept, codeOf })));
      }
    }
    for (const protocol of wanted) {
      const own = rows.filter((row) => row.protocol === protocol);
      print(protocol, own);
    }
    if (options.json) printJson({ bench: 'detection', rows });
  },
};

/** Rows that earlier runs have measured, by default. */
const KEPT_ROWS = path.resolve(import.meta.dirname, '../../../.flowline/bench/detection.ndjson');

/** Libraries whose code decides the rows of our detector, and those of the others. */
const LIBRARIES = {
  ours: ['config', 'detector', 'engine', 'evaluation', 'events', 'features', 'flows', 'tables'],
  others: ['evaluation', 'tables'],
} as const;

/** Fingerprint of the code of each method. */
async function methodFingerprints(): Promise<(method: string) => string> {
  const [own, others] = [await sourcesFingerprint(LIBRARIES.ours), await sourcesFingerprint(LIBRARIES.others)];
  return (method) => ([OURS, ...OURS_OTHERS].includes(method) ? own : others);
}

interface Request {
  readonly protocol: Protocol;
  readonly seeds: number;
  readonly methods: readonly string[];
  readonly kept: MeasuredRows;
  readonly codeOf: (method: string) => string;
}

async function measureSet(folder: string, data: string, request: Request): Promise<DetectionRow[]> {
  const { protocol, seeds, methods, kept, codeOf } = request;
  const file = await fileFingerprint(fileOf(folder, data));
  let set: LabelledRows | null = null;
  const rows: DetectionRow[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    let measure: Measure | null = null;
    for (const method of methods) {
      const row = await kept.of({ data, protocol, method, seed, code: codeOf(method), file }, async () => {
        set ??= await readSet(folder, data);
        measure ??= measureOn(set, { data, protocol, seed });
        return measure(method);
      });
      if (row !== null) rows.push(row);
    }
  }
  const shown = methods.map((method) => {
    const found = rows.filter((row) => row.method === method);
    return `${method} ${found.length === 0 ? '–' : mean(found.map(({ auroc }) => auroc)).toFixed(3)}`;
  });
  console.log(`${protocol}, ${data}: AUROC ${shown.join(', ')}`);
  return rows;
}

function print(protocol: Protocol, rows: readonly DetectionRow[]): void {
  const { methods, rankedSets, criticalDifference } = summarise(rows);
  console.log(`\n${protocol}: means over the sets; ranks over the ${rankedSets} sets of every method`);
  const number = (title: string, value: (row: MethodSummary) => number, digits: number) => ({
    title,
    align: 'right' as const,
    text: (row: MethodSummary) => (Number.isNaN(value(row)) ? '–' : value(row).toFixed(digits)),
  });
  printTable<MethodSummary>(
    [
      { title: 'method', text: ({ method }) => method },
      number('sets', ({ sets }) => sets, 0),
      number('AUROC', ({ auroc }) => auroc, 4),
      number('average precision', ({ averagePrecision }) => averagePrecision, 4),
      number('recall at 1 %', ({ recallAt1Percent }) => recallAt1Percent, 3),
      number('rank (AUROC)', ({ rankByAuroc }) => rankByAuroc, 2),
      number('rank (precision)', ({ rankByPrecision }) => rankByPrecision, 2),
      number('CPU s', ({ seconds }) => seconds, 2),
    ],
    methods,
  );
  if (criticalDifference !== null) {
    console.log(`Mean ranks that differ by less than ${criticalDifference.toFixed(2)} do not differ (Nemenyi, 5 %).`);
  }
  const alarms = rows.flatMap(({ alarmRate }) => (alarmRate === null ? [] : [alarmRate]));
  if (alarms.length === 0) return;
  const raised = (100 * mean(alarms)).toFixed(2);
  console.log(`${OURS}: asked for ${100 * ASKED_ALARMS} % false alarms, raised ${raised} % of the normal rows.`);
}
