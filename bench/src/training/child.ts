// One of our engines in a process of its own: its steps, measured on demand, or a training to an
// NLL.
import { createInterface } from 'node:readline';

import { at } from '@flowline/events';

import { type DataName, readData } from '../density/data.ts';
import { type ModelName, referenceModel } from '../engine/reference-models.ts';
import type { OurEngine, Trainer } from './engines.ts';
import { CHECK, nllAfterCheckedSteps, StepTimer } from './steps.ts';
import { flowFor, type NllTask, timeToNll, type TimeToNll } from './time-to-nll.ts';
import { trainerOf } from './trainer.ts';

/** Task of a child, as JSON in its only argument. */
export type ChildTask = { readonly engine: OurEngine; readonly threads: number } & (StepsTask | DataTask);

/**
 * Steps on a reference model. The child greets with a {@link Greeting}, and then answers each line
 * "BATCH MILLISECONDS" with the milliseconds per step over such a window. Ends with its input.
 */
interface StepsTask {
  readonly kind: 'steps';
  readonly model: ModelName;
  /** Rows of the largest batch. */
  readonly rows: number;
  /** NLL that the steps of the check must end with. */
  readonly checkedNll: number;
}

/** A training on a data set. The child prints a {@link TimeToNll}, or a {@link Greeting}. */
interface DataTask extends NllTask {
  readonly kind: 'nll';
  readonly from: string;
  readonly data: DataName;
}

/** First line of a child. */
export interface Greeting {
  /** Reason why the engine cannot run here, or null. */
  readonly obstacle: string | null;
}

const print = (line: unknown): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

async function serveSteps(train: Trainer, { model: name, rows, checkedNll }: StepsTask): Promise<void> {
  const model = await referenceModel(name, rows);
  const timer = new StepTimer(train, model);
  const nll = await nllAfterCheckedSteps(train, model);
  if (Math.abs(nll - checkedNll) > CHECK.tolerance) {
    print({ obstacle: `its NLL after ${CHECK.steps} steps is ${nll}, not ${checkedNll}` } satisfies Greeting);
    return;
  }
  print({ obstacle: null } satisfies Greeting);
  for await (const line of createInterface({ input: process.stdin })) {
    const [batch, windowMs] = line.split(' ').map(Number);
    print(await timer.msPerStep(batch ?? NaN, windowMs ?? NaN));
  }
}

async function reachNll(train: Trainer, task: DataTask): Promise<void> {
  const data = await readData(task.from, task.data);
  print((await timeToNll(train, flowFor(data), data, task)) satisfies TimeToNll);
}

const task = JSON.parse(at(process.argv, 2)) as ChildTask;
const train = await trainerOf(task.engine, task.threads);
if (typeof train === 'string') print({ obstacle: train } satisfies Greeting);
else if (task.kind === 'steps') await serveSteps(train, task);
else await reachNll(train, task);
process.exit(0);
