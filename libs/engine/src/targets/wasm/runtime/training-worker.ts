import { ADAM } from '@flowline/flows';

import { JobKind, RESULT_NUMBERS, STOP, TrainingControl } from './training-protocol.ts';
import { settings } from '../training/memory.ts';
import { BLOCK_FLOATS } from '../training/optimizer.ts';
import { PANEL_ROWS } from '../layout.ts';

const { job, kind, first, count, put, done, wanted, cancelled, turn, arrived, barrier, adamSteps, news } =
  TrainingControl;

/**
 * Source of a training thread, as text, like that of a scoring thread: a file would have to be
 * TypeScript in a clone and JavaScript in a release. The robust loss, the schedule and the
 * averaging are those of libs/flows (`rowWeights`, `learningRateAt`, `averagingShareAt`). A test
 * compares them.
 */
export const trainingWorkerSource = `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { index, threads, memory, module, control, results, at, settings } = workerData;
const { parameters, slots, features, context, tilePanels, tileBytes, keptTiles } = workerData;
const { batchRows, shards, shardRows, robust } = settings;
const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports;
const floats = (address, length) => new Float32Array(memory.buffer, address, length);
const logProb = floats(at.logProb, at.rows);
const weights = floats(at.weights, at.rows);
const stepSettings = floats(at.settings, ${settings.length});
const squares = floats(at.squares, Math.ceil(parameters / ${BLOCK_FLOATS}));
const isLeader = index === 0;
const SPINS = 2000;

const waitWhile = (word, value) => {
  for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(control, word) !== value) return;
  while (Atomics.load(control, word) === value) Atomics.wait(control, word, value);
};

/** Meets the other threads. */
const meet = () => {
  if (threads === 1) return;
  const generation = Atomics.load(control, ${barrier});
  if (Atomics.add(control, ${arrived}, 1) === threads - 1) {
    Atomics.store(control, ${arrived}, 0);
    Atomics.add(control, ${barrier}, 1);
    Atomics.notify(control, ${barrier});
  } else {
    waitWhile(${barrier}, generation);
  }
};

/** Tiles of this thread: of every threads-th shard, cut into runs of panels. */
const tiles = [];
for (let shard = index; shard < shards; shard += threads) {
  const end = Math.min(batchRows, (shard + 1) * shardRows);
  for (let row = shard * shardRows; row < end; row += tilePanels * ${PANEL_ROWS}) {
    const rows = Math.min(tilePanels * ${PANEL_ROWS}, end - row);
    tiles.push({ shard, row, rows, panels: Math.ceil(rows / ${PANEL_ROWS}) });
  }
}
const keepsAll = tiles.length <= keptTiles;
const tileAt = (number) => at.tiles + index * at.tileBytes + (keepsAll ? number * tileBytes : 0);

const forward = (slot, step, tile, address) => {
  const x = at.batches + slot * at.batchBytes + 4 * features * tile.row;
  const c = at.batches + slot * at.batchBytes + at.contextOffset + 4 * context * tile.row;
  wasm.draw(address, tile.panels, x, c, tile.rows, tile.row, step);
  wasm.forward(address, tile.panels, at.values, at.logProb + 4 * tile.row);
};
const backward = (tile, address) => {
  wasm.backward(address, tile.panels, at.values, at.shards + tile.shard * at.vectorBytes, at.weights + 4 * tile.row);
};

const outlierThreshold = (sorted) => {
  let rows = sorted;
  for (;;) {
    const median = rows[Math.floor(rows.length / 2)];
    const threshold = median - 3 * 1.4826 * (median - rows[Math.floor(rows.length / 4)]) - 0.5;
    const beyond = rows.findIndex((value) => value >= threshold);
    if (beyond <= 0.1 * sorted.length) return threshold;
    rows = rows.subarray(0, beyond);
  }
};
/** Every thread writes the same weights. Returns their sum. */
const weigh = () => {
  const values = logProb.subarray(0, batchRows);
  const sorted = Float64Array.from(values, (value) => (Number.isFinite(value) ? value : -Number.MAX_VALUE)).sort();
  const threshold = outlierThreshold(sorted);
  let kept = 0;
  for (let i = 0; i < batchRows; i++) {
    const keeps = values[i] >= threshold ? 1 : 0;
    weights[i] = keeps;
    kept += keeps;
  }
  return kept;
};

const passes = (slot, step) => {
  for (let shard = index; shard < shards; shard += threads) {
    floats(at.shards + shard * at.vectorBytes, parameters).fill(0);
  }
  tiles.forEach((tile, i) => {
    forward(slot, step, tile, tileAt(i));
    if (!robust) backward(tile, tileAt(i));
  });
  if (!robust) return batchRows;
  meet();
  const kept = weigh();
  tiles.forEach((tile, i) => {
    if (!keepsAll) forward(slot, step, tile, tileAt(i));
    backward(tile, tileAt(i));
  });
  return kept;
};

const blocks = squares.length;
const [firstBlock, endBlock] = [Math.floor((blocks * index) / threads), Math.floor((blocks * (index + 1)) / threads)];
const reduce = () => {
  for (let block = firstBlock; block < endBlock; block++) {
    const end = Math.min(parameters, (block + 1) * ${BLOCK_FLOATS});
    wasm.reduce(4 * block * ${BLOCK_FLOATS}, 4 * end, shards, at.squares + 4 * block);
  }
};

const learningRateAt = (step) => {
  const { steps, learningRate, warmupSteps, finalLearningRateFraction: floor } = settings;
  const warmup = step < warmupSteps ? (step + 1) / warmupSteps : 1;
  return learningRate * warmup * (floor + (1 - floor) * 0.5 * (1 + Math.cos((Math.PI * step) / steps)));
};

const update = (step, kept, norm, adam) => {
  const rate = learningRateAt(step);
  const averagingShare = settings.averaging === 0 ? 1 : 1 - Math.min(settings.averaging, (1 + step) / (10 + step));
  const scale = -(norm > settings.clipNorm ? settings.clipNorm / norm : 1) / kept;
  const firstRate = rate / (1 - ${ADAM.beta1} ** adam);
  const secondCorrection = 1 / (1 - ${ADAM.beta2} ** adam);
  const shrink = rate * settings.weightDecay;
  stepSettings.set([${settings.join()}]);
  const [begin, end] = [firstBlock * ${BLOCK_FLOATS}, Math.min(parameters, endBlock * ${BLOCK_FLOATS})];
  if (begin < end) wasm.update(4 * begin, 4 * end);
};

/** One step. Returns the number of steps that Adam has taken. */
const takeStep = (slot, step, number, adam) => {
  const kept = passes(slot, step);
  meet();
  reduce();
  let nll = 0;
  for (let i = 0; i < batchRows; i++) if (weights[i] !== 0) nll -= logProb[i];
  nll /= kept;
  meet();
  const norm = Math.sqrt(squares.reduce((sum, value) => sum + value, 0)) / kept;
  const isTaken = Number.isFinite(norm) && Number.isFinite(nll);
  if (isTaken) update(step, kept, norm, adam + 1);
  if (isLeader) results.set([nll, norm, kept, isTaken ? 1 : 0], ${RESULT_NUMBERS} * number);
  meet();
  return isTaken ? adam + 1 : adam;
};

/** Whether step \`number\` of the job may begin: the leader decides. */
const mayBegin = (number) => {
  if (isLeader) {
    for (;;) {
      const known = Atomics.load(control, ${news});
      if (Atomics.load(control, ${put}) > number || Atomics.load(control, ${cancelled}) !== 0) break;
      waitWhile(${news}, known);
    }
    const next = Atomics.load(control, ${cancelled}) === 0 ? number + 1 : ${STOP};
    Atomics.store(control, ${turn}, next);
    Atomics.notify(control, ${turn});
    return next !== ${STOP};
  }
  waitWhile(${turn}, number);
  return Atomics.load(control, ${turn}) !== ${STOP};
};

const report = (number) => {
  Atomics.store(control, ${done}, number);
  const awaited = Atomics.load(control, ${wanted});
  if (awaited === 0 || awaited > number) return;
  Atomics.store(control, ${wanted}, 0);
  parentPort.postMessage('progress');
};

const takeSteps = () => {
  const start = Atomics.load(control, ${first});
  const total = Atomics.load(control, ${count});
  let adam = Atomics.load(control, ${adamSteps});
  for (let number = 0; number < total && mayBegin(number); number++) {
    adam = takeStep(number % slots, start + number, number, adam);
    if (isLeader) report(number + 1);
  }
  meet();
  if (isLeader) Atomics.store(control, ${adamSteps}, adam);
};

const score = (values) => {
  const rows = Atomics.load(control, ${count});
  const tileRows = tilePanels * ${PANEL_ROWS};
  for (let row = index * tileRows; row < rows; row += threads * tileRows) {
    const own = Math.min(tileRows, rows - row);
    const panels = Math.ceil(own / ${PANEL_ROWS});
    const x = at.batches + 4 * features * row;
    wasm.read(tileAt(0), panels, x, at.batches + at.contextOffset + 4 * context * row, own, 0, 0);
    wasm.forward(tileAt(0), panels, values, at.logProb + 4 * row);
  }
};

const work = (task) => {
  if (task === ${JobKind.steps}) takeSteps();
  else score(task === ${JobKind.averagedLogProb} ? at.averaged : at.values);
  meet();
  if (isLeader) parentPort.postMessage('idle');
};

parentPort.postMessage('ready');
for (let seen = 0; ; ) {
  waitWhile(${job}, seen);
  seen = Atomics.load(control, ${job});
  const task = Atomics.load(control, ${kind});
  if (task === ${JobKind.end}) break;
  work(task);
}
parentPort.close();
`;
