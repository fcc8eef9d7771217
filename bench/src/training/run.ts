import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { fit, initBackend } from '@flowline/flows';

import { defaultFolder } from '../density/data.ts';
import { type ModelName, modelNames, referenceModel, writeForPeers } from '../engine/reference-models.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { ourEngineNames, oursOf, peerEngines, type Selected, TARGET_PEER, threadCounts } from './engines.ts';
import { measureNll } from './measure-nll.ts';
import { measureSteps, type StepWindows } from './measure-steps.ts';
import { nllColumns, type NllRow, resultOf, stepColumns, stepLines, type StepRow } from './result.ts';
import { startOurs, startPeers, type StepModel, type StepRunners } from './step-runners.ts';
import { CHECK, nllAfterCheckedSteps } from './steps.ts';

const BATCHES = [256, 512, 4096];
const engines = [...ourEngineNames, ...peerEngines];
/** A quick run compiles nothing for minutes, and trains on the smaller data set. */
const quickEngines = engines.filter((engine) => engine !== 'torch-compile');
const quickData = ['magic10'] as const;
const quickLeavesOut = '--quick leaves out torch-compile and power_2007h1, unless --engines or --data names them';
const threads = threadCounts.map(String);
const parts = ['steps', 'nll'] as const;
const nllData = ['power_2007h1', 'magic10'] as const;

/** Size of a run. */
interface Effort {
  readonly windows: StepWindows;
  /** Share of the data sets' steps, and steps between validations. */
  readonly stepShare: number;
  readonly validateEvery: number;
}

const full: Effort = { windows: { rounds: 9, windowMs: 200, budgetMs: 20_000 }, stepShare: 1, validateEvery: 50 };
const quick: Effort = { windows: { rounds: 3, windowMs: 50, budgetMs: 0 }, stepShare: 0.1, validateEvery: 50 };

/**
 * Training benchmark: milliseconds per step of every engine that runs here on the two reference
 * sizes, and seconds to the test NLL of PyTorch on two data sets.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('training', args, {
      peers: { meaning: 'PyTorch and JAX too; needs `npm run bench:peers-install`' },
      engines: { value: 'A,B', meaning: engines.join(', ') },
      parts: { value: 'A,B', meaning: `some of ${parts.join(', ')}; default both` },
      threads: { value: 'A,B', meaning: `some of ${threads.join(', ')}; default both` },
      models: { value: 'A,B', meaning: `some of ${modelNames.join(', ')}; default both` },
      data: { value: 'A,B', meaning: `some of ${nllData.join(', ')}; default both` },
      from: { value: 'DIR', meaning: 'a folder of such data, default ../shared/data/flows' },
    });
    const wanted = options.among('engines', engines, options.quick ? quickEngines : engines);
    const wantedThreads = options.among('threads', threads, threads);
    const selected: Selected = {
      ours: ourEngineNames.filter((engine) => wanted.includes(engine)),
      peers: options.has('peers') ? peerEngines.filter((peer) => wanted.includes(peer)) : [],
      threads: threadCounts.filter((count) => wantedThreads.includes(String(count))),
    };
    const wantedParts = options.among('parts', parts, parts);
    const effort = options.quick ? quick : full;
    console.log(describeMachine());
    if (options.quick && options.has('peers')) console.log(quickLeavesOut);
    await initBackend('wasm');
    const rows: StepRow[] = [];
    if (wantedParts.includes('steps')) {
      for (const model of options.among('models', modelNames, modelNames)) {
        rows.push(...(await stepsOn(model, selected, effort)));
      }
    }
    const timeToNll: NllRow[] = [];
    const from = options.get('from') ?? defaultFolder;
    const why = wantedParts.includes('nll') ? whyNoNll(selected, options.get('from') === undefined) : 'not asked for';
    if (why === null) {
      for (const data of options.among('data', nllData, options.quick ? quickData : nllData)) {
        const onObstacle = (engine: string, reason: string): void => without(data, engine, reason);
        timeToNll.push(...(await measureNll({ from, data, selected, onObstacle, ...effort })));
      }
      console.log('\nSeconds of training to the test NLL of PyTorch');
      printTable(nllColumns, timeToNll);
    } else console.log(`\nwithout times to an NLL: ${why}`);
    if (options.json) printJson(resultOf(rows, timeToNll));
  },
};

function without(where: string, engine: string, why: string): void {
  console.log(`${where}: without ${engine}: ${why}`);
}

/** Reason why no times to an NLL can be measured, or null. */
function whyNoNll({ peers }: Selected, isDefaultFolder: boolean): string | null {
  if (!peers.includes(TARGET_PEER)) return `${TARGET_PEER} sets the NLL to reach, which needs --peers`;
  if (isDefaultFolder && !existsSync(defaultFolder)) return `no data in ${defaultFolder}; --from names another folder`;
  return null;
}

/** Measures the steps of all engines on one model, side by side, and prints them. */
async function stepsOn(name: ModelName, selected: Selected, { windows }: Effort): Promise<StepRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-training-'));
  const started: StepRunners[] = [];
  try {
    const model = await written(name, folder);
    started.push(...(await startAll(selected, model)));
    report(name, started);
    const runners = started.flatMap((each) => each.runners);
    const rows: StepRow[] = [];
    for (const batch of BATCHES) {
      for (const [{ engine, threads }, msPerStep] of await measureSteps(runners, batch, windows)) {
        rows.push({ engine, model: name, batch, threads, msPerStep });
      }
    }
    console.log(`\n${name}: ms per step, by rows of a batch`);
    printTable(stepColumns(BATCHES), stepLines(rows));
    return rows;
  } finally {
    for (const each of started) await each.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Starts all engines at once: each compiles and checks itself first. */
async function startAll(selected: Selected, model: StepModel): Promise<StepRunners[]> {
  const { peers, threads } = selected;
  const starts = [
    ...oursOf(selected).map(({ engine, threads: count }) => startOurs(engine, model, count)),
    ...(peers.length === 0 ? [] : threads.map((count) => startPeers(peers, model, count))),
  ];
  const ends = await Promise.allSettled(starts);
  const started = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed === undefined) return started;
  for (const each of started) await each.stop();
  throw failed.reason;
}

/** Writes a model for the peers, with the NLL after the steps of the check by `fit`. */
async function written(name: ModelName, folder: string): Promise<StepModel> {
  const rows = Math.max(...BATCHES);
  const checked = await referenceModel(name, rows);
  const checkedNll = await nllAfterCheckedSteps(fit, checked);
  checked.flow.dispose();
  const model = await referenceModel(name, rows);
  writeForPeers(model, folder, { check: { ...CHECK, nll: checkedNll } });
  model.flow.dispose();
  return { name, folder, rows, checkedNll };
}

/** Prints the engines that cannot run here, and the versions of the peers. */
function report(name: ModelName, started: readonly StepRunners[]): void {
  for (const { obstacles } of started) for (const [engine, why] of obstacles) without(name, engine, why);
  const versions = Object.entries(Object.assign({}, ...started.map((each) => each.versions)) as Record<string, string>);
  if (versions.length > 0) console.log(versions.map(([each, version]) => `${each} ${version}`).join(', '));
}
